/** What these tests use of libraries that come without types. */

declare module "express" {
  import type { IncomingMessage, RequestListener } from "node:http";

  export interface Request extends IncomingMessage {
    readonly params: Readonly<Record<string, string>>;
    readonly sessionID: string;
    readonly session: {
      user?: string;
      destroy(done: (error?: unknown) => void): void;
    };
  }

  export interface Response {
    send(body: string): void;
    sendStatus(code: number): void;
  }

  export type RouteHandler = (request: Request, response: Response, next: (error?: unknown) => void) => void;

  export interface Application extends RequestListener {
    use(middleware: RouteHandler): void;
    get(path: string, route: RouteHandler): void;
    post(path: string, route: RouteHandler): void;
  }

  export default function express(): Application;
}

declare module "express-session" {
  import type { RouteHandler } from "express";

  export class Store {}
  export type SessionData = object;

  export default function session(options: {
    store: Store;
    secret: string;
    resave: boolean;
    saveUninitialized: boolean;
    cookie?: { maxAge: number };
  }): RouteHandler;
}
