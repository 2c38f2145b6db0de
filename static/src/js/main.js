import "../styles/main.scss";
import { createAll, Button, ErrorSummary, FileUpload, NotificationBanner, PasswordInput, SkipLink } from "nhsuk-frontend";

import { announceProgress } from "./announce.js";
import { askBeforeSending } from "./confirm.js";
import { offerCopying } from "./copy.js";
import { offerDemoSignIns } from "./demo-sign-in.js";
import { offerPasskeys } from "./passkeys.js";
import { offerPrinting } from "./print.js";

// The components refuse to start without this; every browser that runs modules is one they support.
document.body.classList.add("js-enabled", "nhsuk-frontend-supported");

createAll(Button, { preventDoubleClick: true });
for (const component of [ErrorSummary, FileUpload, NotificationBanner, PasswordInput, SkipLink]) createAll(component);

announceProgress();
askBeforeSending();
offerCopying();
offerDemoSignIns();
offerPasskeys();
offerPrinting();
