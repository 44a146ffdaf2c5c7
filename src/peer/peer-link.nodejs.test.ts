import { createNodejsRuntime } from "../runtime/nodejs/nodejs-runtime.ts";
import { testPeerLink } from "./peer-link.contract.ts";

const runtime = createNodejsRuntime();

testPeerLink("real sockets", (body) => body(runtime, runtime, "127.0.0.1"));
