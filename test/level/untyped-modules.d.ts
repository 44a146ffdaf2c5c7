/** Modules that come without types: as much of them as the tests use. */
declare module "abstract-level/test/index.js" {
  function suite(options: { readonly test: unknown; readonly factory: (options: object) => unknown }): void;
  export default suite;
}

declare module "tape" {
  interface Harness {
    createStream(options: { readonly objectMode: true }): import("node:stream").Readable;
  }
  const tape: { createHarness(): Harness };
  export default tape;
}
