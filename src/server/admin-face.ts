/** HTTP for those who look after a node, as its server knows it. */
export interface AdminFace {
  readonly host: string;
  readonly port: number;
  close(): Promise<void>;
}
