// Imported into the programs of the documentation. They run as printed, so in a test their connections to Redis' port and
// to the port of a store, and the ports of respite, of its page and of their web server, are redirected.
import { Server, Socket } from 'node:net';

const { HTTP_PORT, REDIS_PORT, STORE_PORT, WEB_PORT } = process.env;
const { connect } = Socket.prototype;
const { listen } = Server.prototype;

Socket.prototype.connect = function (...args) {
  const options = Array.isArray(args[0]) ? args[0][0] : args[0];
  if (options?.port === 6379) options.port = Number(REDIS_PORT);
  if (options?.port === 7000) options.port = Number(STORE_PORT);
  if (Number(options?.port) === 8080) options.port = Number(HTTP_PORT);
  // A webhook's receiver.
  if (Number(options?.port) === 3000) options.port = Number(WEB_PORT);
  return connect.apply(this, args);
};

Server.prototype.listen = function (...args) {
  if (args[0] === 3000) args[0] = Number(WEB_PORT);
  if (args[0]?.port === 7001) args[0].port = Number(REDIS_PORT);
  if (args[0]?.port === 8080) args[0].port = Number(HTTP_PORT);
  return listen.apply(this, args);
};
