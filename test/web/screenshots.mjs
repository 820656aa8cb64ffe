// SPDX-License-Identifier: AGPL-3.0-or-later
// npm run screenshots [-- FOLDER]: every screen on a phone, a tablet and a desk, in both
// languages, as PNG files. It runs the demonstration for that, or takes the one at HORA_URL.
import { execFileSync, spawn } from 'node:child_process';
import { once } from 'node:events';
import { mkdirSync, mkdtempSync, rmSync } from 'node:fs';
import { createServer } from 'node:net';
import { tmpdir } from 'node:os';
import { join, resolve } from 'node:path';
import { createInterface } from 'node:readline';

const folder = resolve(process.argv[2] ?? 'screenshots');
mkdirSync(folder, { recursive: true });
let stop = () => {};
if (!process.env.HORA_URL) process.env.HORA_URL = await demonstrate();

const { antoine, at, browser, everyScreen, go, lucie, margaret, narrowed, settled, url, window } = await import('./people.mjs');
let count = 0;

async function shoot(w, name) {
  for (const width of [390, 768, 1440]) {
    await w.page.setViewportSize({ width, height: width < 600 ? 844 : 1000 });
    await settled(w);
    await w.page.screenshot({ path: join(folder, `${name.replaceAll(/[^A-Za-z0-9-]+/g, '_')}-${width}-${w.language}.png`), fullPage: true });
    count++;
  }
}

try {
  for (const language of ['fr', 'en']) {
    const door = await window({ language });
    await go(door, '/admin');
    await shoot(door, 'sign-in');
    await door.close();
    for (const who of [lucie, antoine, margaret]) {
      const w = await at(who, { language });
      await everyScreen(w, who.slug, (name) => shoot(w, `${who.slug}-${name}`));
      for (const address of narrowed) {
        await go(w, `/admin/${who.slug}/${address}`);
        await shoot(w, `${who.slug}-${address}`);
      }
      await w.close();
    }
  }
  console.log(`${count} screenshots of ${url} in ${folder}`);
} finally {
  await (await browser()).close();
  await stop();
}

async function demonstrate() {
  const work = mkdtempSync(join(tmpdir(), 'hora-screenshots-'));
  const binary = join(work, 'hora');
  execFileSync('go', ['build', '-trimpath', '-o', binary, '../../cmd/hora'], { stdio: 'inherit' });
  const socket = createServer().listen(0, 'localhost');
  await once(socket, 'listening');
  const { port } = socket.address();
  socket.close();
  const hora = spawn(binary, ['demo', '--seed', '1', '--listen', `localhost:${port}`, '--metrics-listen', '', '--log-level', 'error', '--cost-per-minute', '0'], { stdio: ['ignore', 'pipe', 'inherit'] });
  const ended = once(hora, 'exit');
  stop = async () => {
    hora.kill('SIGTERM');
    await ended;
    rmSync(work, { recursive: true });
  };
  for await (const line of createInterface(hora.stdout)) {
    const [, address] = line.split('listens on ');
    if (address) {
      hora.stdout.resume();
      return address;
    }
  }
  throw new Error('the program never says where it listens');
}
