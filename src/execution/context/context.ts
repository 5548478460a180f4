import type { SessionEngine } from '../../engine/index.js';
import type { ReplyEncoder } from '../../resp/reply-encoder.js';
import type { SessionStore } from '../../store/session-store.js';
import type { Client } from './client.js';
import type { ServerControl } from './server-control.js';

/** What a command may use. There is one object per connection. */
export interface Context {
  /** What SESSION commands ask. */
  readonly store: SessionStore;
  /** What commands on plain keys use. */
  readonly engine: SessionEngine;
  readonly reply: ReplyEncoder;
  readonly client: Client;
  readonly server: ServerControl;
}
