/** Under which number each database is stored. */
export interface DatabaseNumbers {
  physicalOf(database: number): number;
  /** Exchanges the numbers of two. */
  swap(a: number, b: number): void;
  /** Gives the database a number without rows. False if there is none. */
  renew(database: number): boolean;
  /** Runs `clear`, which forgets every row: of the numbers nothing changes. */
  keepThrough<T>(clear: () => T): T;
}
