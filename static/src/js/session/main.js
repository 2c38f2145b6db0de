import "../../styles/_session.scss";
import { Watch } from "./watch.js";
import { tabs } from "./tabs.js";

const dialog = document.getElementById("session-warning");

if (dialog) new Watch(dialog).start();
// A page of nobody's: whoever was signed in has signed out, in this tab or another. The others look for themselves.
else tabs.tell({ look: true });
