// Durations and estimated costs in words.
import type { Estimate } from "../../../document/types";
import type { Language } from "../../../ui/text.svelte";

/** "1시간 30분", "1 h 30 min". */
export function durationText(minutes: number, language: Language): string {
  const hours = Math.floor(minutes / 60);
  const rest = minutes % 60;
  const [hour, minute] = language === "ko" ? ["시간", "분"] : [" h", " min"];
  const parts = [hours > 0 ? `${hours}${hour}` : "", rest > 0 || hours === 0 ? `${rest}${minute}` : ""];
  return parts.filter((part) => part !== "").join(" ");
}

/**
 * "₩12,000", "US$100", "CA$100": no two currencies look the same, so never by the narrow sign, which many share. A
 * currency that Intl does not know is written behind the number.
 */
export function moneyText(estimate: Estimate, language: Language): string {
  const locale = language === "ko" ? "ko-KR" : "en";
  try {
    const digits = Number.isInteger(estimate.amt) ? { maximumFractionDigits: 0 } : {};
    return new Intl.NumberFormat(locale, {
      style: "currency",
      currency: estimate.cur,
      currencyDisplay: "symbol",
      ...digits,
    }).format(estimate.amt);
  } catch {
    return `${estimate.amt.toLocaleString(locale)} ${estimate.cur}`.trim();
  }
}
