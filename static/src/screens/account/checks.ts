// What the forms of an account can know before the server is asked, and which field a refusal of the server belongs to.
import { ApiError } from "../../api";
import { lengthOf, visible } from "../../characters";

export type AccountField = "mail" | "password" | "name";
export type Complaint =
  | "mailMissing"
  | "mailWrong"
  | "passwordMissing"
  | "passwordShort"
  | "passwordWrong"
  | "nameMissing"
  | "nameLong";
export type Complaints = Partial<Record<AccountField, Complaint>>;

export const LEAST_PASSWORD = 8;
export const MOST_NAME = 40;
/** For the sentences about them. */
export const BOUNDS = { least: LEAST_PASSWORD, most: MOST_NAME };

export function checkAccount(form: { mail: string; password: string; name: string }): Complaints {
  const complaints: Complaints = {};
  const mail = form.mail.trim();
  if (mail === "") complaints.mail = "mailMissing";
  else if (!/^[^\s@]+@[^\s@]+$/.test(mail)) complaints.mail = "mailWrong";
  if (isShort(form.password)) complaints.password = "passwordShort";
  const name = lengthOf(visible(form.name));
  if (name === 0) complaints.name = "nameMissing";
  else if (name > MOST_NAME) complaints.name = "nameLong";
  return complaints;
}

/** A log-in asks for less: an address or a password from before may be anything. */
export function checkLogIn(form: { mail: string; password: string }): Complaints {
  const complaints: Complaints = {};
  if (form.mail.trim() === "") complaints.mail = "mailMissing";
  if (form.password === "") complaints.password = "passwordMissing";
  return complaints;
}

/** Counted as the server does: in the form that keyboards agree on. */
export function isShort(password: string): boolean {
  return lengthOf(password.normalize("NFKC")) < LEAST_PASSWORD;
}

/** The server's refusal as complaints about fields; null if it is about none of them. */
export function complaintsOf(error: unknown): Complaints | null {
  if (!(error instanceof ApiError)) return null;
  if (error.status !== 422) return null;
  const complaints: Complaints = {};
  for (const { field } of error.errors) {
    if (field === "mail") complaints.mail = "mailWrong";
    if (field === "password") complaints.password = "passwordWrong";
    if (field === "name") complaints.name = "nameLong";
  }
  return Object.keys(complaints).length > 0 ? complaints : null;
}
