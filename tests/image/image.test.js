// What the Dockerfile says, carried out step by step in clean folders, as far as that goes without a container engine.

import { test } from 'node:test'
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { once } from 'node:events'
import { chmodSync, chownSync, cpSync, existsSync, mkdirSync, readFileSync, rmSync, statSync } from 'node:fs'
import { mkdtemp } from 'node:fs/promises'
import { tmpdir } from 'node:os'
import { basename, dirname, join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { ROOT, context, environment, ignore, only, stages } from './dockerfile.js'
import { freePort } from './port.js'

/** `MOIM_IMAGE_PROFILE=dist` builds as the Dockerfile does, which takes ten minutes; otherwise the profile is another. */
const PROFILE = process.env.MOIM_IMAGE_PROFILE ?? 'dev'
/** A fixed place, so that a second run builds only what has changed. Of the stages nothing is kept. */
const PLACE = join(ROOT, 'target/image')
const [CLIENT, SERVER, FINAL] = stages()

const rootOf = (stage) => join(PLACE, stage.name ?? 'final')
const isRoot = process.getuid() === 0

/** Carries out the steps of a stage that can be, and returns those that were not. */
function carryOut (stage) {
  rmSync(rootOf(stage), { recursive: true, force: true })
  let here = '/'
  const left = []
  for (const step of stage.steps) {
    if (step.word === 'WORKDIR') {
      here = step.text
      mkdirSync(join(rootOf(stage), here), { recursive: true })
    } else if (step.word === 'COPY') {
      copy(stage, here, step)
    } else if (step.word === 'RUN' && step.text.startsWith('apt-get')) {
      left.push(step.text)
    } else if (step.word === 'RUN') {
      run(stage, here, step.text)
    }
  }
  return left
}

/** COPY: from another stage, or what a build sees of the checkout. */
function copy (stage, here, { flags, text }) {
  const paths = text.split(/\s+/)
  const goal = paths.pop()
  const into = join(rootOf(stage), goal.startsWith('/') ? '' : here, goal)
  const from = flags.find((flag) => flag.startsWith('--from='))?.slice('--from='.length)
  for (const path of paths) {
    if (from !== undefined) {
      const source = join(rootOf([CLIENT, SERVER].find(({ name }) => name === from)), path)
      assert.ok(existsSync(source), `${from} has made ${path}`)
      place(source, into)
      continue
    }
    const seen = SEEN.filter((file) => file === path || file.startsWith(`${path}/`))
    assert.ok(seen.length > 0, `a build sees ${path}`)
    for (const file of seen) {
      const inside = file === path ? (goal.endsWith('/') ? file.split('/').pop() : '') : file.slice(path.length + 1)
      place(join(ROOT, file), join(into, inside))
    }
  }
}

function place (source, goal) {
  mkdirSync(dirname(goal), { recursive: true })
  cpSync(source, goal, { recursive: true, preserveTimestamps: true })
}

/** RUN. The stage's own folder is not the root of a file system, so what names one outside of /tmp must not be run. */
function run (stage, here, text) {
  assert.doesNotMatch(text, /(^|\s)\/(?!tmp\/)/, 'only paths below WORKDIR can be tried')
  const cwd = join(rootOf(stage), here)
  if (stage === SERVER) mountCache(cwd)
  const line = PROFILE === 'dist' ? text : quickly(text)
  const { CARGO_TARGET_DIR: _, ...env } = process.env
  execFileSync('sh', ['-c', line], { cwd, env, stdio: ['ignore', 'ignore', 'inherit'] })
}

/** The server's step in the profile of the tests. With the benchmark's features the crates are those of the tests as well. */
function quickly (text) {
  return text.replace('--profile dist', `--profile ${PROFILE}`)
    .replace('--bin moim', '--bin moim --bench load')
    .replaceAll('target/dist/', `target/${PROFILE === 'dev' ? 'debug' : PROFILE}/`)
}

/** The cache that the server's step mounts. Crates that the tests have built already are taken over; the project's own are not. */
function mountCache (cwd) {
  const [cache, built] = [join(PLACE, 'cache'), join(ROOT, 'target/debug')]
  if (PROFILE === 'dev' && !existsSync(cache)) {
    for (const folder of ['deps', 'build', '.fingerprint']) {
      const filter = (path) => !/^(lib)?moim-/.test(basename(path))
      cpSync(join(built, folder), join(cache, 'debug', folder), { recursive: true, preserveTimestamps: true, filter })
    }
  }
  mkdirSync(cache, { recursive: true })
  execFileSync('ln', ['-sfn', cache, join(cwd, 'target')])
}

const SEEN = context()

test('a build sees the sources, and nothing that is built, kept or secret', () => {
  for (const path of ['src/main.rs', 'Cargo.lock', 'build.rs', 'static/package.json', 'static/src/main.ts']) {
    assert.ok(SEEN.includes(path), path)
  }
  const rules = ignore()
  for (const path of ['.env', '.git/config', 'data/token.keys', 'target/debug/moim', 'static/node_modules/yjs/package.json', 'static/dist/index.html', 'static/e2e/board.spec.ts', 'deploy/env.example']) {
    assert.ok(rules.ignores(path), path)
  }
})

test('each base image has a version, and the versions are those that the project asks for', () => {
  for (const { base } of stages()) assert.match(base, /^[a-z]+:\d+\.\d+(\.\d+)?(-[a-z-]+)?$/, base)
  const rust = readFileSync(join(ROOT, 'Cargo.toml'), 'utf8').match(/^rust-version = "(.*)"$/m)[1]
  assert.ok(SERVER.base.startsWith(`rust:${rust}`), SERVER.base)
  const node = JSON.parse(readFileSync(join(ROOT, 'static/package.json'), 'utf8')).engines.node
  assert.ok(CLIENT.base.startsWith(`node:${node.match(/\d+/)[0]}.`), CLIENT.base)
})

test('the image that the steps make serves, is healthy, and stops when it is told to', { timeout: 2_400_000 }, async (t) => {
  const left = [CLIENT, SERVER, FINAL].flatMap(carryOut)
  const user = left.join(' ').match(/useradd .*--uid (\d+)/)
  assert.equal(only(FINAL, 'USER').text, 'moim')
  const uid = Number(user[1])
  const packages = left.flatMap((text) => text.match(/install -y --no-install-recommends ([a-z0-9 -]+?) &&/)?.[1].trim().split(/\s+/) ?? [])
  if (spawnSync('apt-cache', ['--version']).status === 0) {
    for (const name of packages) assert.equal(spawnSync('apt-cache', ['show', name]).status, 0, `Debian has ${name}`)
  }

  // Outside of the checkout, which that user may not be allowed to enter.
  const root = await mkdtemp(join(tmpdir(), 'moim-image-'))
  t.after(() => rmSync(root, { recursive: true, force: true }))
  cpSync(rootOf(FINAL), root, { recursive: true })
  chmodSync(root, 0o755)
  const said = environment(FINAL)
  const data = join(root, said.MOIM_DATA)
  mkdirSync(data, { recursive: true })
  assert.equal(only(FINAL, 'VOLUME').text, said.MOIM_DATA)
  assert.ok(said.MOIM_LISTEN.endsWith(`:${only(FINAL, 'EXPOSE').text}`), 'what is exposed is listened on')
  assert.ok(said.MOIM_LISTEN.startsWith('[::]:'), 'a container is reached from outside of it, by both families of addresses')

  const as = isRoot ? { uid, gid: uid } : {}
  if (isRoot) chownSync(data, uid, uid)
  const port = await freePort()
  const env = { ...said, MOIM_DATA: data, MOIM_LISTEN: `127.0.0.1:${port}`, PATH: join(root, 'usr/local/bin') }
  const [command, ...flags] = ['ENTRYPOINT', 'CMD'].flatMap((word) => JSON.parse(only(FINAL, word).text))
  const server = spawn(command, flags, { env, cwd: data, stdio: 'ignore', ...as })
  t.after(() => server.kill('SIGKILL'))
  const check = JSON.parse(only(FINAL, 'HEALTHCHECK').text.replace(/^CMD /, ''))
  const health = () => spawnSync(check[0], check.slice(1), { env, ...as }).status
  for (const until = Date.now() + 30_000; health() !== 0; await sleep(100)) {
    assert.equal(server.exitCode, null, 'it runs')
    assert.ok(Date.now() < until, 'it is healthy within 30 s')
  }

  const page = await (await fetch(`http://127.0.0.1:${port}/`)).text()
  const script = page.match(/src="(\/assets\/[^"]+\.js)"/)
  assert.ok(script, 'the client is inside')
  assert.equal((await fetch(`http://127.0.0.1:${port}${script[1]}`)).status, 200)
  if (isRoot) assert.equal(statSync(join(data, 'moim.db')).uid, uid, 'it is not root that writes')

  server.kill(only(FINAL, 'STOPSIGNAL').text)
  const [code] = await once(server, 'exit')
  assert.equal(code, 0, 'it stops in order')
  assert.notEqual(health(), 0, 'what is gone is not healthy')

  t.diagnostic(`built with the profile ${PROFILE}${PROFILE === 'dist' ? '' : ' in the place of dist'}; served as ${isRoot ? `user ${uid}` : 'whoever runs this'}`)
  t.diagnostic(`not tried, for want of a container engine: the base images, layers and caches, and ${JSON.stringify(left)}`)
})
