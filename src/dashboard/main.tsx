/** The dashboard: begins when the browser has loaded the page. */
import { render } from "preact";

render(<p>Kvorum</p>, document.getElementById("page")!);
