/** Something that a process is about to do to the disk. */
export interface DiskStep {
  readonly kind:
    | "open"
    | "list"
    | "name"
    | "append"
    | "truncate"
    | "read"
    | "sync"
    | "close"
    | "syncDirectory";
  readonly path: string;
}
