/** A runtime whose connections to others are counted, both ways: of two nodes in one process, each byte once. */
import type { Connection, Runtime } from "../../src/runtime/runtime.ts";

export class Wire {
  bytes = 0;

  /** The same runtime, but for the count. */
  under(runtime: Runtime): Runtime {
    const { network } = runtime;
    return {
      ...runtime,
      network: {
        listen: (options, accept) => network.listen(options, accept),
        connect: async (options) => this.#counted(await network.connect(options)),
      },
    };
  }

  #counted(connection: Connection): Connection {
    const write = connection.write.bind(connection);
    const start = connection.start.bind(connection);
    connection.write = (bytes) => {
      this.bytes += bytes.length;
      return write(bytes);
    };
    connection.start = (events) => {
      const onBytes = events.onBytes.bind(events);
      events.onBytes = (bytes, length) => {
        this.bytes += length;
        onBytes(bytes, length);
      };
      start(events);
    };
    return connection;
  }
}
