/** The dashboard: begins when the browser has loaded the page. */
import "./styles/page.css";
import "./styles/tables.css";
import "./styles/ring.css";
import "./styles/charts.css";
import "./styles/explorer.css";
import { render } from "preact";
import { AdminApi } from "./api/admin-api.ts";
import { browserWorld } from "./browser/browser-world.ts";
import { Page } from "./parts/page.tsx";
import { createState } from "./state/dashboard-state.ts";
import { KeyExplorer } from "./state/key-explorer.ts";
import { LiveFeed } from "./state/live-feed.ts";

const world = browserWorld();
const api = new AdminApi(world);
const state = createState(new KeyExplorer(api));
const feed = new LiveFeed(api, world, state);

function onToken(token: string): void {
  world.tokens.save(token);
  state.link.value = { kind: "connecting" };
  feed.hurry();
}

render(
  <Page state={state} onToken={onToken} onChange={() => feed.hurry()} />,
  document.getElementById("page")!,
);
await feed.run(new AbortController().signal);
