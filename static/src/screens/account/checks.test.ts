// Claims about the checks of the sign-up form.
import { describe, expect, it } from "vitest";
import { ApiError } from "../../api";
import { checkAccount, complaintsOf, checkLogIn } from "./checks";

describe("checkAccount", () => {
  it("finds nothing wrong with a good form", () => {
    expect(checkAccount({ mail: " a@b.kr ", password: "12345678", name: "지원" })).toEqual({});
  });
  it("says which field lacks what", () => {
    expect(checkAccount({ mail: "", password: "1234567", name: " " })).toEqual({
      mail: "mailMissing",
      password: "passwordShort",
      name: "nameMissing",
    });
    const unseen = { mail: "a@b.kr", password: "👨‍👩‍👧‍👦👨‍👩‍👧‍👦", name: "\u200b\u3164" };
    expect(checkAccount(unseen)).toEqual({ password: "passwordShort", name: "nameMissing" });
    const name = "👨‍👩‍👧‍👦".repeat(40);
    expect(checkAccount({ mail: "a@b.kr", password: "12345678", name })).toEqual({});
    expect(checkAccount({ mail: "a b@c", password: "12345678", name: "x" })).toEqual({ mail: "mailWrong" });
  });
});

describe("complaintsOf", () => {
  it("puts the server's field errors at their fields", () => {
    expect(
      complaintsOf(new ApiError(422, "invalid", "", [{ field: "password", message: "too long" }])),
    ).toEqual({ password: "passwordWrong" });
  });
  it("leaves the rest to the form as a whole", () =>
    expect(complaintsOf(new ApiError(500, "", ""))).toBeNull());
});

describe("a log-in form", () => {
  it("asks for what is missing, and takes whatever an account may have", () => {
    expect(checkLogIn({ mail: "  ", password: "" })).toEqual({ mail: "mailMissing", password: "passwordMissing" });
    expect(checkLogIn({ mail: "old name", password: "1" })).toEqual({});
  });
});
