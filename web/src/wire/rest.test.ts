import { afterEach, expect, it, vi } from "vitest";
import { fileName, Refusal, Rest } from "./rest";

afterEach(() => vi.unstubAllGlobals());

it("reads the name of a download", () => {
  expect(fileName('attachment; filename="face 14.png"')).toBe("face 14.png");
  expect(fileName("attachment; filename=face.gif")).toBe("face.gif");
  expect(fileName("attachment; filename*=utf-8''gr%C3%BCn.png")).toBe("grün.png");
  expect(fileName(null)).toBeNull();
});

it("passes on what the server says, with the token", async () => {
  const asked = vi.fn(
    async () =>
      new Response('{"code":"x","text":"Too large.","remedy":"Make it smaller."}', { status: 413 }),
  );
  vi.stubGlobal("fetch", asked);
  const put = new Rest("secret").put("/api/sessions/s/project", new Blob(["x"]));
  await expect(put).rejects.toMatchObject({ message: "Too large.", remedy: "Make it smaller." });
  expect(asked).toHaveBeenCalledWith(
    "/api/sessions/s/project",
    expect.objectContaining({ headers: { authorization: "Bearer secret" }, method: "PUT" }),
  );
});

it("has words for an answer that is not the server's, and for none", async () => {
  vi.stubGlobal("fetch", async () => new Response("<html>", { status: 502 }));
  const rest = new Rest("t");
  await expect(rest.put("/x", new Blob())).rejects.toBeInstanceOf(Refusal);
  vi.stubGlobal("fetch", async () => {
    throw new TypeError("network");
  });
  await expect(rest.put("/x", new Blob())).rejects.toThrow("cannot be reached");
});
