import { testHost } from "../host.contract.ts";
import { createNodejsHost } from "./host.ts";

testHost("nodejs host", createNodejsHost);
