/** Which keys are asked for most. */
import { HOT_KEYS_COUNT_DEFAULT, HOT_KEYS_COUNT_MAX, hotKeysStatus } from "../../commands/kv-hotkeys.ts";
import { HOT_KEY_ORDERS } from "../../hot-keys.ts";
import { AdminError, type AdminRoute, countIn, json } from "../admin-route.ts";

const hotKeys: AdminRoute = {
  method: "get",
  path: "/api/hotkeys",
  summary: "The keys that this node is asked for most, lately.",
  query: {
    by: `${HOT_KEY_ORDERS.join(", ")}; reads if not given`,
    count: `how many; ${HOT_KEYS_COUNT_DEFAULT} if not given`,
  },
  failures: { 400: "`by` or `count` makes no sense" },
  answer: ({ server }, request) => {
    const by = new URL(request.url).searchParams.get("by") ?? "reads";
    const order = HOT_KEY_ORDERS.find((name) => name === by);
    if (order === undefined)
      throw new AdminError(400, "INVALID_REQUEST", `by must be one of ${HOT_KEY_ORDERS.join(", ")}`);
    const count = countIn(request, "count", { fallback: HOT_KEYS_COUNT_DEFAULT, max: HOT_KEYS_COUNT_MAX });
    return json(hotKeysStatus(server, order, count));
  },
};

export const HOT_KEY_ROUTES: readonly AdminRoute[] = [hotKeys];
