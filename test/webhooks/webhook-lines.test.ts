import fc from 'fast-check';
import { describe, expect, it } from 'vitest';
import { EVENT_NAMES } from '../../src/event-names.js';
import { isPublic } from '../../src/public-address.js';
import { parseWebhooks } from '../../src/webhook-lines.js';

describe('the lines of webhooks', () => {
  it('have defaults', () => {
    expect(parseWebhooks('https://Shop.example:8443/hooks?key=1')).toEqual([
      {
        name: 'shop.example:8443',
        url: 'https://Shop.example:8443/hooks?key=1',
        events: undefined,
        names: '*',
        data: false,
        secretFile: '',
        caFile: '',
        isPrivate: false,
        concurrency: 8,
        batch: 1,
        timeoutMs: 15_000,
        retryForMs: 259_200_000,
      },
    ]);
  });

  it('may set everything, in any order', () => {
    const line =
      'http://[::1]/ private=yes name=a.b:c events=expired,ended names=ü* data=yes secret-file=/s tls-ca=/c concurrency=1 batch=1000 timeout=600 retry-for=0';
    expect(parseWebhooks(`\n${line}\n\nhttps://b.example/\n`)).toMatchObject([
      {
        name: 'a.b:c',
        events: new Set(['expired', 'ended']),
        names: Buffer.from('ü*').toString('latin1'),
        data: true,
        secretFile: '/s',
        caFile: '/c',
        isPrivate: true,
        concurrency: 1,
        batch: 1000,
        timeoutMs: 600_000,
        retryForMs: 0,
      },
      { name: 'b.example' },
    ]);
  });

  const SECRET = 'hunter2';
  it.each([
    [`ftp://${SECRET}@shop.example`, 'expected a URL that begins with https:// or http://'],
    [`https://ada:%zz${SECRET}@shop.example`, 'expected a % in the user or password of the URL to be written as %25'],
    [`https://`, 'expected a URL that begins with https:// or http://'],
    [`https://shop.example/ ${SECRET}`, 'after the URL, expected options such as events=expired,limit'],
    ['https://shop.example/ event=new', 'there is no event=; did you mean events=?'],
    [`https://shop.example/ zzz=${SECRET}`, /^a webhook has the options name=, events=/],
    ['https://shop.example/ data=yes data=no', 'data= is there twice'],
    ['https://shop.example/ data=true', 'data=: expected yes or no'],
    ['https://shop.example/ events=', /^events=: expected some of new,expired/],
    ['https://shop.example/ events=expired,gone', /^events=: expected some of/],
    ['https://shop.example/ name=', 'name=: expected up to 64 letters, digits and any of _ - . :'],
    ['https://shop.example/ name=a,b', 'name=: expected up to 64 letters, digits and any of _ - . :'],
    ['https://shop.example/ secret-file=', 'secret-file=: expected a file'],
    ['https://shop.example/ concurrency=0', 'concurrency=: expected a whole number from 1 to 100'],
    ['https://shop.example/ concurrency=101', 'concurrency=: expected a whole number from 1 to 100'],
    ['https://shop.example/ batch=1e3', 'batch=: expected a whole number from 1 to 1000'],
    ['https://shop.example/ timeout=99999999999999999999', 'timeout=: expected a whole number from 1 to 600'],
    ['https://shop.example/ retry-for=-1', 'retry-for=: expected a whole number from 0 to 2592000'],
    [
      'https://a.example/\nhttps://a.example/b',
      'there are two webhooks named a.example: give one of them another name=',
    ],
    ['http://localhost/', 'the receiver has a private address: add private=yes if that is right'],
    ['http://127.1/', 'the receiver has a private address: add private=yes if that is right'],
    ['http://2130706433/', 'the receiver has a private address: add private=yes if that is right'],
    ['http://[::ffff:10.0.0.1]/', 'the receiver has a private address: add private=yes if that is right'],
    [Array(65).fill('https://a.example/').join('\n'), 'expected at most 64 webhooks'],
  ])('refuse %j', (text, expected) => {
    let message: string | undefined;
    try {
      parseWebhooks(text);
    } catch (error) {
      message = (error as Error).message;
    }
    if (expected instanceof RegExp) expect(message).toMatch(expected);
    else expect(message).toBe(expected);
    expect(message ?? '').not.toContain(SECRET);
  });

  it('never throw anything but an error with a message of one line', () =>
    fc.assert(
      fc.property(
        fc.array(fc.oneof(fc.constantFrom('https://a.example/', 'events=new', 'names=*', 'data='), fc.string())),
        (words) => {
          try {
            parseWebhooks(words.join(' '));
          } catch (error) {
            expect((error as Error).message).toMatch(/^.+$/);
          }
        },
      ),
    ));

  it('accept every event', () => {
    expect(parseWebhooks(`https://a.example/ events=${EVENT_NAMES.join(',')}`)[0].events?.size).toBe(
      EVENT_NAMES.length,
    );
  });
});

describe('a public address', () => {
  it.each(['8.8.8.8', '1.1.1.1', '172.15.255.255', '172.32.0.0', '100.63.255.255', '2606:4700::1111', '2a00::1'])(
    'is %s',
    (address) => expect(isPublic(address)).toBe(true),
  );

  it.each([
    '0.0.0.0',
    '10.0.0.1',
    '100.64.0.1',
    '100.100.100.200',
    '127.0.0.1',
    '127.255.255.255',
    '168.63.129.16',
    '169.254.169.254',
    '172.16.0.1',
    '172.31.255.255',
    '192.0.0.192',
    '192.168.1.1',
    '198.18.0.1',
    '224.0.0.1',
    '255.255.255.255',
    '::',
    '::1',
    '::ffff:8.8.8.8',
    '::ffff:127.0.0.1',
    '::127.0.0.1',
    '64:ff9b::a00:1',
    '2001::1',
    '2001:db8::1',
    '2002:a00:1::1',
    'fc00::1',
    'fd00:ec2::254',
    'fe80::1',
    'fe80::1%eth0',
    'ff02::1',
    '',
    'localhost',
    '127.1',
  ])('is not %s', (address) => expect(isPublic(address)).toBe(false));
});
