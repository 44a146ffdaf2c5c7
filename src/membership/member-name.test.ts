import { expect, test } from "vitest";
import { memberNamed, whyNobody } from "./member-name.ts";

const [FIRST, SECOND, THIRD] = ["70aa944319c9c9e1", "70aa9bb319c9c9e1", "13f0944319c9c9e1"];
const MEMBERS = [FIRST!, SECOND!, THIRD!].map((id) => ({ id }));

test("a member is named by its id, or by a beginning that only its id has", () => {
  for (const name of ["1", "13f09443", "13F0", THIRD!])
    expect(memberNamed(MEMBERS, name)).toEqual({ kind: "found", id: THIRD });
  expect(memberNamed(MEMBERS, "70aa9b")).toEqual({ kind: "found", id: SECOND });
});

test("who could be meant is told where several could, and nobody is by what no id begins with", () => {
  const several = memberNamed(MEMBERS, "70aa9");
  expect(several).toEqual({ kind: "ambiguous", ids: [FIRST, SECOND] });
  if (several.kind !== "ambiguous") throw new Error("it is clear");
  expect(whyNobody("70aa9", several)).toContain(`${FIRST}, ${SECOND}`);
  for (const name of ["", "0aa9", `${THIRD}0`]) expect(memberNamed(MEMBERS, name)).toEqual({ kind: "none" });
});
