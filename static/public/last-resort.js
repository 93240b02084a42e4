// Says what to do where the client could not even start. Not part of the bundle, so that it works when that does not load.

const WORDS = {
  ko: "화면을 열지 못했어요. 이 주소의 쿠키와 저장 공간을 허용하거나 브라우저를 최신으로 올린 뒤 다시 열어 주세요.",
  en: "This page could not start. Allow cookies and storage for this address, or update your browser, and open it again.",
};

/** Errors of scripts, of those that did not load too: they reach the window only on the way down. */
addEventListener(
  "error",
  () => {
    const page = document.getElementById("app");
    if (page === null || page.childElementCount > 0) return;
    const language = navigator.language.toLowerCase().startsWith("ko") ? "ko" : "en";
    const words = document.createElement("p");
    words.setAttribute("role", "alert");
    words.lang = language;
    words.style.cssText = "max-width: 32rem; margin: 20vh auto; padding: 0 1.5rem; line-height: 1.6";
    words.textContent = WORDS[language];
    page.replaceChildren(words);
  },
  { capture: true },
);
