/** Errors as the Level ecosystem knows them: by `code`. Those of the disk stay StoreErrors. */

export type LevelErrorCode = "LEVEL_LOCKED" | "LEVEL_NOT_FOUND" | "LEVEL_EXISTS" | "LEVEL_FOREIGN";

export class LevelError extends Error {
  override readonly name = "LevelError";
  readonly code: LevelErrorCode;

  constructor(code: LevelErrorCode, message: string, options?: ErrorOptions) {
    super(message, options);
    this.code = code;
  }
}
