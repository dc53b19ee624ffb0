import { beforeEach, expect, it } from "vitest";
import { keepSession, readSession, readToken, socketAddress } from "./keyring";

beforeEach(() => sessionStorage.clear());

it("keeps the token for a reload without it", () => {
  expect(readToken(new URL("http://127.0.0.1:1/?token=abc"), sessionStorage)).toBe("abc");
  expect(readToken(new URL("http://127.0.0.1:1/"), sessionStorage)).toBe("abc");
});

it("connects to where the page came from", () => {
  const page = new URL("http://127.0.0.1:8901/?token=a%26b");
  expect(socketAddress(page, "a&b", null)).toBe("ws://127.0.0.1:8901/ws?token=a%26b");
  keepSession(sessionStorage, "s1");
  expect(socketAddress(new URL("https://h/"), "t", readSession(sessionStorage))).toBe(
    "wss://h/ws?token=t&session=s1",
  );
});
