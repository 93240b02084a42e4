// Claims about Korean particles after words of any kind.
import { describe, expect, it } from "vitest";
import { particleAfter } from "./particles";

describe("particles", () => {
  it.each([
    ["보기 전용", "이에요/예요", "이에요"],
    ["소유자", "이에요/예요", "예요"],
    ["3일차", "으로/로", "로"],
    ["서울", "으로/로", "로"],
    ["부산", "으로/로", "으로"],
    ["섬", "을/를", "을"],
    ["바다", "을/를", "를"],
    ["‘섬’", "이/가", "이"],
    ["바다 🌊", "은/는", "는"],
    ["섬".normalize("NFD"), "을/를", "을"],
    ["버스 6", "을/를", "을"],
    ["버스 2", "을/를", "를"],
    ["KTX", "을/를", "를"],
    ["공항 T1", "으로/로", "로"],
    ["A동 B", "을/를", "를"],
    ["YTN", "을/를", "을"],
    ["Café", "을/를", "을(를)"],
    ["Byeol", "이/가", "이(가)"],
    ["東京", "으로/로", "(으)로"],
    ["", "을/를", "을(를)"],
  ])("after %s: %s is %s", (word, pair, particle) => expect(particleAfter(word, pair)).toBe(particle));
});
