// What browsers have and the types that come with Debian's TypeScript do not know yet.
declare class DecompressionStream {
  constructor(format: 'deflate' | 'gzip');
  readonly readable: ReadableStream<Uint8Array>;
  readonly writable: WritableStream<Uint8Array>;
}
