// Runs before the page is drawn: says that scripts run, and puts on the colours that the reader chose.
document.documentElement.classList.add("js");
try {
  const theme = localStorage.getItem("epsilon-theme");
  if (theme === "light" || theme === "dark") document.documentElement.dataset.theme = theme;
} catch { /* no storage: as the system */ }
