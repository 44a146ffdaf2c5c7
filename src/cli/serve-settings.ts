/** What `kvorum serve` is told: the settings of its node, and a few of the command's own. */
import { z } from "zod";
import { DEFAULT_SETTINGS, type NodeSettings } from "../node/settings.ts";
import { nodeSettingsSchema } from "../node/settings-schema.ts";

export const LOG_LEVELS = ["debug", "info", "warn", "error", "silent"] as const;
export type LogLevel = (typeof LOG_LEVELS)[number];

/** `auto` is text on a terminal and JSON lines elsewhere. */
export const LOG_FORMATS = ["auto", "json", "text"] as const;
export type LogFormat = (typeof LOG_FORMATS)[number];

export interface ServeSettings extends NodeSettings {
  /** Where some of the settings came from. */
  readonly configFile: string | undefined;
  /** Where the password came from. */
  readonly passwordFile: string | undefined;
  /** Where the secret came from. */
  readonly secretFile: string | undefined;
  /** Where the token of the admin door came from. */
  readonly adminTokenFile: string | undefined;
  /** If the port is taken, try those after it. */
  readonly portSearch: boolean;
  readonly logLevel: LogLevel;
  readonly logFormat: LogFormat;
}

export const SERVE_DEFAULTS: ServeSettings = {
  ...DEFAULT_SETTINGS,
  configFile: undefined,
  passwordFile: undefined,
  secretFile: undefined,
  adminTokenFile: undefined,
  portSearch: false,
  logLevel: "info",
  logFormat: "auto",
};

/** As nodeSettingsSchema: each message completes the sentence "<setting> must be ...". */
export const serveSettingsSchema = nodeSettingsSchema.extend({
  configFile: z.string().min(1, { error: "a file" }).optional(),
  passwordFile: z.string().min(1, { error: "a file" }).optional(),
  secretFile: z.string().min(1, { error: "a file" }).optional(),
  adminTokenFile: z.string().min(1, { error: "a file" }).optional(),
  portSearch: z.boolean({ error: "true or false" }),
  logLevel: z.enum(LOG_LEVELS, { error: `one of ${LOG_LEVELS.join(", ")}` }),
  logFormat: z.enum(LOG_FORMATS, { error: `one of ${LOG_FORMATS.join(", ")}` }),
});
