import { render } from "preact";
import { App } from "./components/app";
import { Studio } from "./state/studio";
import "./style/index.css";

const root = document.getElementById("app");
if (root === null) {
  throw new Error("The page has no #app.");
}
const studio = new Studio(new URL(window.location.href), window.sessionStorage);
render(<App studio={studio} />, root);
studio.connection.connect();
