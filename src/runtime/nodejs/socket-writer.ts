/** How a connection's bytes get out: native-writer.ts, or stream-writer.ts where that is not possible. */
export interface SocketWriter {
  /** Bytes written that the operating system has not taken yet. */
  readonly unsentBytes: number;
  /** False if the buffer is needed until everything written is out: the writer's `onDrained` tells. */
  write(bytes: Uint8Array): boolean;
}
