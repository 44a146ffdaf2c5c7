import { expect, test } from "vitest";
import { welcomeText } from "./welcome.ts";

test("shows commands that work as they stand", () => {
  const text = welcomeText({ host: "127.0.0.1", port: 6380, needsPassword: false, dashboard: undefined });
  expect(text).toContain("  redis-cli -p 6380 set greeting hello\n");
  expect(text).toContain('new Redis({ host: "127.0.0.1", port: 6380 });');
});

test("names another host, and asks for the password without showing it", () => {
  const text = welcomeText({
    host: "10.0.0.7",
    port: 6379,
    needsPassword: true,
    dashboard: "http://127.0.0.1:7379/",
  });
  expect(text).toContain("  redis-cli -h 10.0.0.7 -p 6379 --askpass get greeting\n");
  expect(text).toContain("password: process.env.KVORUM_PASSWORD");
  expect(text).toContain("\n  dashboard http://127.0.0.1:7379/\n");
});
