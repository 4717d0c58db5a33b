// Bundles styles and scripts into web/static/dist under names that carry a hash of their contents,
// and writes manifest.json: plain name → hashed name. Nothing is fetched while building.
import { build } from "esbuild";
import { mkdir, readFile, readdir, rm, stat, writeFile } from "node:fs/promises";
import { basename, dirname, join } from "node:path";
import { fileURLToPath } from "node:url";
import { gzipSync } from "node:zlib";

const source = dirname(fileURLToPath(import.meta.url));
const dist = join(source, "..", "static", "dist");

await mkdir(dist, { recursive: true });

const entries = ["theme.css", "letter.css", "main.js", "diagram.js"];
const result = await build({
  entryPoints: entries.map((name) => join(source, name)),
  outdir: dist,
  entryNames: "[name]-[hash]",
  assetNames: "[name]-[hash]",
  bundle: true,
  minify: true,
  format: "iife",
  target: ["chrome88", "firefox91", "safari14"],
  supported: { destructuring: true },
  legalComments: "eof",
  metafile: true,
  loader: { ".woff": "empty", ".woff2": "empty", ".ttf": "empty", ".eot": "empty", ".svg": "file" },
});

const manifest = {};
for (const [file, output] of Object.entries(result.metafile.outputs)) {
  if (output.entryPoint) {
    const kind = file.endsWith(".css") ? ".css" : ".js";
    manifest[basename(output.entryPoint).replace(/\.(css|js)$/, "") + kind] = basename(file);
  }
  if (output.cssBundle) {
    const plain = basename(output.entryPoint).replace(/\.js$/, ".css");
    manifest[plain] = basename(output.cssBundle);
  }
}
// Compressed once here, so that the server only has to send it.
for (const file of Object.values(manifest)) {
  const plain = await readFile(join(dist, file));
  await writeFile(join(dist, `${file}.gz`), gzipSync(plain, { level: 9 }));
}
// A server that runs still answers with the names it read at its start: old files stay for a day.
const kept = new Set([...Object.values(manifest).flatMap((file) => [file, `${file}.gz`]), "manifest.json"]);
for (const file of await readdir(dist)) {
  const age = Date.now() - (await stat(join(dist, file))).mtimeMs;
  if (!kept.has(file) && age > 24 * 3600 * 1000) await rm(join(dist, file), { recursive: true });
}
await writeFile(join(dist, "manifest.json"), JSON.stringify(manifest, null, 2) + "\n");
for (const [name, file] of Object.entries(manifest)) console.log(`${name} → ${file}`);
