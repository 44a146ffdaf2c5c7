import { testStorageEngine } from "../storage-engine.contract.ts";
import { createEngine } from "./memory-engine.contract.ts";

testStorageEngine("MemoryEngine", (rules) => createEngine({ rules }));
