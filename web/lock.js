// Resolves the dependencies anew and leaves every address out of the lock file: npm ci takes the
// packages from the registry that the user's npm is configured for, and checks their hashes.
import { execFileSync } from "node:child_process";
import { readFileSync, writeFileSync } from "node:fs";

execFileSync(process.execPath, [process.env.npm_execpath, "install", "--package-lock-only"], {
  stdio: "inherit",
});
const lock = JSON.parse(readFileSync("package-lock.json", "utf8"));
for (const each of Object.values(lock.packages)) {
  delete each.funding;
  delete each.resolved;
}
writeFileSync("package-lock.json", `${JSON.stringify(lock, null, 2)}\n`);
