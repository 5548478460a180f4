/* What a C program does with respite, through hiredis. Called with a port and a password. */
#include <hiredis/hiredis.h>
#include <stdio.h>
#include <stdlib.h>
#include <string.h>

/* Waits for a reply of that type, with that text or, where there is none, that number. */
static void expect(redisReply *reply, int type, const char *text, long long number) {
  if (reply == NULL || reply->type != type || (text ? strcmp(reply->str, text) : reply->integer != number)) {
    fprintf(stderr, "expected %s %lld, got %s\n", text ? text : "", number, reply && reply->str ? reply->str : "");
    exit(1);
  }
  freeReplyObject(reply);
}

int main(int argc, char **argv) {
  redisContext *c = redisConnect("127.0.0.1", argc > 2 ? atoi(argv[1]) : 0);
  redisReply *reply = NULL;
  char token[32];
  if (c == NULL || c->err) return 2;
  expect(redisCommand(c, "PING"), REDIS_REPLY_ERROR, "NOAUTH Authentication required.", 0);
  expect(redisCommand(c, "AUTH %s", argv[2]), REDIS_REPLY_STATUS, "OK", 0);
  reply = redisCommand(c, "SESSION.NEW %s 1800 DATA cart %b", "user:42", "pi\0zza", (size_t)6);
  snprintf(token, sizeof token, "%s", reply->str);
  expect(reply, REDIS_REPLY_STRING, token, 0);
  reply = redisCommand(c, "SESSION.GETALL %s", token);
  if (reply->type != REDIS_REPLY_ARRAY || reply->elements != 2 || memcmp(reply->element[1]->str, "pi\0zza", 6)) return 3;
  freeReplyObject(reply);
  for (int i = 1; i <= 1000; i++) redisAppendCommand(c, "SESSION.INCRBY %s count 1", token);
  for (int i = 1; i <= 1000 && redisGetReply(c, (void **)&reply) == REDIS_OK; i++)
    expect(reply, REDIS_REPLY_INTEGER, NULL, i);
  expect(redisCommand(c, "MULTI"), REDIS_REPLY_STATUS, "OK", 0);
  expect(redisCommand(c, "SESSION.GET %s missing", token), REDIS_REPLY_STATUS, "QUEUED", 0);
  reply = redisCommand(c, "EXEC");
  if (reply->type != REDIS_REPLY_ARRAY || reply->element[0]->type != REDIS_REPLY_NIL) return 4;
  freeReplyObject(reply);
  expect(redisCommand(c, "SESSION.END %s", token), REDIS_REPLY_INTEGER, NULL, 1);
  expect(redisCommand(c, "SESSION.TTL %s", token), REDIS_REPLY_INTEGER, NULL, -2);
  expect(redisCommand(c, "SESSION.GET %s cart", token), REDIS_REPLY_ERROR, "NOSESSION no such session", 0);
  /* A second connection is notified of changes to what the first has read. */
  redisContext *listener = redisConnect("127.0.0.1", atoi(argv[1]));
  expect(redisCommand(listener, "AUTH %s", argv[2]), REDIS_REPLY_STATUS, "OK", 0);
  reply = redisCommand(listener, "CLIENT ID");
  long long id = reply->integer;
  expect(reply, REDIS_REPLY_INTEGER, NULL, id);
  freeReplyObject(redisCommand(listener, "SUBSCRIBE __redis__:invalidate"));
  expect(redisCommand(c, "CLIENT TRACKING ON REDIRECT %lld", id), REDIS_REPLY_STATUS, "OK", 0);
  expect(redisCommand(c, "GET menu"), REDIS_REPLY_NIL, NULL, 0);
  expect(redisCommand(c, "SET menu pizza"), REDIS_REPLY_STATUS, "OK", 0);
  if (redisGetReply(listener, (void **)&reply) != REDIS_OK || reply->elements != 3) return 5;
  if (strcmp(reply->element[1]->str, "__redis__:invalidate")) return 6;
  if (reply->element[2]->elements != 1 || strcmp(reply->element[2]->element[0]->str, "menu")) return 7;
  freeReplyObject(reply);
  redisFree(listener);
  expect(redisCommand(c, "QUIT"), REDIS_REPLY_STATUS, "OK", 0);
  redisFree(c);
  return puts("done") < 0;
}
