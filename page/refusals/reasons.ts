import type { ErrorCode } from '../../src/errors.js';

/** Why a command is refused with a code, in plain words. What concerns all clients comes first. */
export const REASONS: Readonly<Record<ErrorCode, string>> = {
  OOM: 'Memory is full: maxmemory is reached.',
  MISCONF: 'The journal cannot be written, so nothing may change.',
  LOADING: 'The journal was still being loaded.',
  BUSY: 'A script that had written something had run for too long, and was still running.',
  CLUSTERDOWN: 'The store of sessions has no node that could serve the command.',
  NOREPLICAS: 'Too few replicas of the store have received the change in time.',
  TRYAGAIN: 'The store of sessions did not answer in time, or is failing over.',
  WRONGPASS: 'Wrong user name or password.',
  NOAUTH: 'The client had not authenticated.',
  NOPERM: 'The user lacks the permission that the command needs.',
  NOSESSION:
    'The session has ended, has expired or never existed. A late request, after a logout say, is refused by design.',
  NOTSHARED: 'No session with this name is shared.',
  SESSIONEXISTS: 'There is already a session with this token, or a shared one with this name.',
  NODATASET: 'There is no data set with this name.',
  WRONGTYPE: 'The key has data of another type than the command needs, such as a string instead of a hash.',
  NOPROTO: 'HELLO asked for a protocol other than 2 and 3.',
  CROSSSLOT: 'A transaction had sessions of different partitions of the store.',
  EXECABORT: 'A command of the transaction was refused, so none of them ran.',
  NOGROUP: 'There is no such group of consumers of the event stream.',
  BUSYGROUP: 'There is already a group of consumers with this name.',
  UNBLOCKED: 'CLIENT UNBLOCK has ended the wait of a client.',
  NOSCRIPT: 'The script was not known, so the client has to send it again.',
  NOTBUSY: 'No script was running that could be stopped.',
  UNKILLABLE: 'A script that had written something cannot be stopped half-way.',
  ERR: 'Anything else, such as an unknown command or a wrong argument.',
};
