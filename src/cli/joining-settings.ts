/** Settings of `kvorum join` and `replace`: as of serve, with a peer port as `kvorum up` gives them, unless it is set. */
import type { ServeSettings } from "./serve-settings.ts";
import { loadSettings, type SettingSources } from "./settings-loader.ts";
import { PEER_PORT_STEP } from "./up/up-plan.ts";

const PORT_MAX = 65_535;

/** Throws SettingsError with all that is wrong. */
export async function loadJoiningSettings(sources: SettingSources): Promise<ServeSettings> {
  const { port } = await loadSettings({ ...sources, defaults: { peerPort: 0 } });
  const peerPort = port === 0 ? 0 : port + PEER_PORT_STEP;
  return loadSettings({ ...sources, defaults: peerPort > PORT_MAX ? {} : { peerPort } });
}
