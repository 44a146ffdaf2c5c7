import { testRandom } from "../random.contract.ts";
import { createNodejsRandom } from "./random.ts";

testRandom("nodejs random", createNodejsRandom);
