/** The dashboard in dist/dashboard: built again only if a source, a setting or a dependency changed. */
import { existsSync, rmSync } from "node:fs";
import { join } from "node:path";
import { Refusal, ROOT, runScript, say, TOOLS } from "./child.js";
import { filesIn } from "./files.js";
import { isDone, noteDone } from "./stamp.js";

const STAMP = join("dist", ".dashboard");
/** What it imports of the floors below. */
const SHARED = ["src/base", "src/ring"];

export async function buildDashboard() {
  const own = filesIn("src/dashboard", ".ts", ".tsx", ".css", ".html", ".svg", ".json");
  const shared = SHARED.flatMap((folder) => filesIn(folder, ".ts"));
  const sources = [...own, ...shared].filter((file) => !/\.(test|oracle)\.ts$/.test(file));
  const inputs = [...sources, "vite.config.js", "tsconfig.json", "package-lock.json"];
  if (isDone(STAMP, inputs) && existsSync(join(ROOT, "dist/dashboard/index.html"))) return;
  say("building the dashboard");
  rmSync(join(ROOT, STAMP), { force: true });
  const exitCode = await runScript(TOOLS.vite, ["build", "--logLevel", "warn"], {
    outputTo: process.stderr.fd,
  });
  if (exitCode !== 0) throw new Refusal("could not build the dashboard; vite says why above");
  noteDone(STAMP, inputs);
}
