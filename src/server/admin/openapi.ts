/** The admin door's routes as an OpenAPI 3.1 document, made from the routes themselves. */
import { VERSION } from "../../node/version.ts";
import type { AdminRoute } from "./admin-route.ts";

const REFUSALS = {
  401: "the token is missing or wrong",
  403: "not from here: see the description",
} as const;

const DESCRIPTION =
  "Everything is the answering node's own view. Without a token the door answers loopback addresses only; with one, " +
  "`Authorization: Bearer TOKEN` is needed but for probes. Changes need the header `x-kvorum-admin: 1`.";

export function openApiDocument(routes: readonly AdminRoute[]): object {
  const paths: Record<string, Record<string, object>> = {};
  for (const route of routes) {
    paths[route.path] ??= {};
    paths[route.path]![route.method] = operationOf(route);
  }
  return {
    openapi: "3.1.0",
    info: { title: "Kvorum admin door", version: VERSION, description: DESCRIPTION },
    paths,
    components: {
      securitySchemes: { token: { type: "http", scheme: "bearer" } },
      schemas: { Error: ERROR_SCHEMA },
    },
  };
}

const ERROR_SCHEMA = {
  type: "object",
  required: ["error"],
  properties: {
    error: {
      type: "object",
      required: ["code", "message"],
      properties: { code: { type: "string" }, message: { type: "string" } },
    },
  },
};

function operationOf({ method, path, summary, isPublic, type, query, body, failures }: AdminRoute): object {
  const words = path.split("/").filter((word) => word !== "");
  const parameters = Object.entries(query ?? {}).map(([name, description]) => ({
    ...{ name, in: "query", description, schema: { type: "string" } },
  }));
  const header = { name: "x-kvorum-admin", in: "header", required: true, schema: { const: "1" } };
  const problems = Object.entries({ ...REFUSALS, ...failures });
  return {
    operationId: [method, ...words].join("-").replaceAll(/[^a-z-]/g, "-"),
    summary,
    ...(isPublic === true ? {} : { security: [{}, { token: [] }] }),
    parameters: method === "get" ? parameters : [...parameters, header],
    ...(body && { requestBody: requestBody(body) }),
    responses: {
      200: { description: "as asked", content: { [type ?? "application/json"]: {} } },
      ...Object.fromEntries(problems.map(([status, description]) => [status, problem(description)])),
    },
  };
}

function requestBody(fields: Readonly<Record<string, string>>): object {
  const properties = Object.fromEntries(
    Object.entries(fields).map(([name, description]) => [name, { description }]),
  );
  return { content: { "application/json": { schema: { type: "object", properties } } } };
}

function problem(description: string): object {
  const schema = { $ref: "#/components/schemas/Error" };
  return { description, content: { "application/json": { schema } } };
}
