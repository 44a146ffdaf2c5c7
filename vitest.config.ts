import { defineConfig } from "vitest/config";

/** Tests that compare latencies, or have many processes at work: they run after the others, with the machine to themselves. */
const TIMED = [
  "test/cluster.test.ts",
  "test/cluster-churn.test.ts",
  "test/cluster-moves.test.ts",
  "test/cluster-restart.test.ts",
  "test/browser/dashboard.test.ts",
  "test/datacenters.test.ts",
];

export default defineConfig({
  test: {
    pool: "forks",
    maxWorkers: 2,
    testTimeout: 30_000,
    hookTimeout: 60_000,
    projects: [
      {
        extends: true,
        test: {
          name: "all at once",
          include: ["src/**/*.test.ts", "test/**/*.test.ts"],
          exclude: TIMED,
          sequence: { groupOrder: 0 },
        },
      },
      {
        extends: true,
        test: { name: "one by one", include: TIMED, maxWorkers: 1, sequence: { groupOrder: 1 } },
      },
    ],
  },
});
