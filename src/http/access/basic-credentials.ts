interface Credentials {
  readonly name: string;
  readonly password: Buffer;
}

/** Returns the credentials in an `Authorization` header of the scheme Basic. An empty name is the user `default`. */
export function basicCredentials(header: string | undefined): Credentials | undefined {
  const [, base64] = /^Basic +([A-Za-z0-9+/]+={0,2}) *$/i.exec(header ?? '') ?? [];
  if (base64 === undefined) return undefined;
  const bytes = Buffer.from(base64, 'base64');
  const colon = bytes.indexOf(':');
  if (colon < 0) return undefined;
  return { name: bytes.toString('utf8', 0, colon) || 'default', password: bytes.subarray(colon + 1) };
}
