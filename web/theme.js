/*
 * The theme that was chosen, before anything is drawn; therefore no module, which would run later.
 * The choice is "light", "dark" or, when nothing is kept, the system's.
 */
(() => {
  const KEY = "pxl.theme";
  const root = document.documentElement;

  function kept() {
    try {
      return localStorage.getItem(KEY);
    } catch {
      return null; // the browser keeps nothing: the system's theme it is
    }
  }

  function apply(theme) {
    if (theme === "light" || theme === "dark") root.dataset.theme = theme;
    else delete root.dataset.theme;
  }

  apply(kept());
  addEventListener("DOMContentLoaded", () => {
    const choice = document.getElementById("theme");
    choice.value = root.dataset.theme ?? "system";
    choice.addEventListener("change", () => {
      apply(choice.value);
      try {
        if (choice.value === "system") localStorage.removeItem(KEY);
        else localStorage.setItem(KEY, choice.value);
      } catch {
        // it holds until the page is left
      }
    });
  });
})();
