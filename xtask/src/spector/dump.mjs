// What does each scenario of the installed mock server expect and answer? One JSON object a line.
import { expandDyns } from "@typespec/spec-api";
import { readdirSync, readFileSync } from "node:fs";
import { join, relative, dirname } from "node:path";
import { pathToFileURL } from "node:url";

const [root, baseUrl] = process.argv.slice(2);
const config = { baseUrl };

function bytes(value) {
  const text = value.toString("utf8");
  return Buffer.from(text, "utf8").equals(value) ? { text } : { base64: value.toString("base64") };
}

function body(said) {
  if (said === undefined) return null;
  if (said.kind === "multipart") {
    const files = (said.files ?? []).map((file) => ({
      name: file.fieldname, file_name: file.originalname, content_type: file.mimetype, base64: file.buffer.toString("base64"),
    }));
    return { content_type: said.contentType, parts: said.parts ?? {}, files };
  }
  const raw = said.rawContent;
  if (raw === undefined) return null;
  // The one text in which the server itself puts its address late.
  const late = (text) => text.replaceAll("PLACEHOLDER_BASE_URL", baseUrl);
  if (Buffer.isBuffer(raw)) return { content_type: said.contentType, ...bytes(raw) };
  return { content_type: said.contentType, text: late(typeof raw === "string" ? raw : raw.serialize(config)) };
}

// What these scenarios expect stands only in the server's code: one file called `file`, or two called `files`, with the server's own
// picture. Their media type is not told: the document says it.
function uploads(scenario) {
  const of = /_FormData_File_uploadFile(Array)?/.exec(scenario);
  if (of === null) return undefined;
  const picture = { file_name: "image.png", base64: readFileSync(join(root, "../../assets/image.png")).toString("base64") };
  const files = of[1] ? [{ name: "files", ...picture }, { name: "files", ...picture }] : [{ name: "file", ...picture }];
  return { content_type: "multipart/form-data", parts: {}, files };
}

for (const file of readdirSync(root, { recursive: true }).filter((name) => name.endsWith("mockapi.js")).sort()) {
  const { Scenarios } = await import(pathToFileURL(join(root, file)));
  for (const [scenario, { apis }] of Object.entries(Scenarios)) {
    apis.forEach((api, index) => {
      const { request = {}, response } = api;
      console.log(JSON.stringify({
        folder: relative(root, join(root, dirname(file))).replaceAll("\\", "/"),
        scenario, index, method: api.method, uri: api.uri,
        query: request.query ? expandDyns(request.query, config) : {},
        headers: request.headers ? expandDyns(request.headers, config) : {},
        body: body(request.body) ?? uploads(scenario) ?? null,
        status: response.status, answer_headers: response.headers ? expandDyns(response.headers, config) : {}, answer: body(response.body),
      }));
    });
  }
}
