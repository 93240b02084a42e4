// compose.yaml against the program, the image and the files that it names: everything that can be known without an engine.

import { test } from 'node:test'
import assert from 'node:assert/strict'
import { execFileSync, spawn, spawnSync } from 'node:child_process'
import { existsSync, mkdtempSync, readFileSync, rmSync } from 'node:fs'
import { tmpdir } from 'node:os'
import { join } from 'node:path'
import { setTimeout as sleep } from 'node:timers/promises'

import { parse } from 'yaml'

import { ROOT, environment, only, stages } from './dockerfile.js'
import { freePort } from './port.js'

const read = (path) => readFileSync(join(ROOT, path), 'utf8')
const TEXT = read('compose.yaml')
const { services, volumes } = parse(TEXT, { merge: true })
const IMAGE = stages().at(-1)
const nodes = Object.entries(services).filter(([, { image }]) => image === 'moim').map(([, node]) => node)

const MOIM = process.env.MOIM_BIN ?? join(ROOT, 'target/debug/moim')

/** What compose makes of `${NAME}` and `${NAME:?why}`; `$$` is a plain one. */
function filledIn (text, values) {
  return text.replaceAll(/\$\$|\$\{([A-Z_]+)(?::\?[^}]*)?\}/g, (all, name) => all === '$$' ? '$' : values[name] ?? assert.fail(`no ${name}`))
}

/** The settings of a node, with made-up secrets and other places for some addresses. */
function settings (places) {
  const secrets = { MOIM_PUBLIC_URL: 'https://moim.example.org', MOIM_TOKEN_KEY: 'k'.repeat(48), MOIM_METRICS_TOKEN: 'hush', REDIS_PASSWORD: 'hush', MONGO_PASSWORD: 'hush' }
  const moved = (value) => Object.entries(places).reduce((text, [from, to]) => text.replace(from, to), value)
  return Object.fromEntries(Object.entries(nodes[0].environment).map(([name, value]) => [name, moved(filledIn(value, secrets))]))
}

const seconds = (text) => Number(text.match(/^(\d+)s$/)[1])

test('every variable is in env.example, and each that is there is used', () => {
  const used = new Set([...TEXT.matchAll(/(?<!\$)\$\{([A-Z_]+)/g)].map(([, name]) => name))
  const given = new Set([...read('deploy/env.example').matchAll(/^([A-Z_]+)=/gm)].map(([, name]) => name))
  assert.deepEqual([...used].sort(), [...given].sort())
})

test('no secret stands in either file', () => {
  const secrets = [...read('deploy/env.example').matchAll(/^([A-Z_]*(?:KEY|TOKEN|PASSWORD)[A-Z_]*)=(.*)$/gm)]
  assert.ok(secrets.length >= 4)
  for (const [, name, value] of secrets) {
    assert.equal(value, '', name)
    assert.match(TEXT, new RegExp(`\\$\\{${name}:\\?`), `${name} has no default`)
  }
})

test('the program takes the settings of every node, and they are the same', () => {
  const help = execFileSync(MOIM, ['serve', '--help'], { encoding: 'utf8' })
  assert.equal(nodes.length, 2)
  for (const { environment: given } of nodes) {
    assert.deepEqual(given, nodes[0].environment)
    for (const name of Object.keys({ ...given, ...environment(IMAGE) })) assert.match(help, new RegExp(`\\[env: ${name}[=\\]]`))
  }
})

test('the addresses that a node gets can be read, and it starts with the rest', () => {
  const away = settings({ 'mongo:27017': '127.0.0.1:1', 'redis:6379': '127.0.0.1:1' })
  const folder = mkdtempSync(join(tmpdir(), 'moim-compose-'))
  const tried = spawnSync(MOIM, ['serve', '--listen', '127.0.0.1:0', '--data', folder], { env: away, encoding: 'utf8' })
  rmSync(folder, { recursive: true })
  assert.match(tried.stderr, /no MongoDB answers at 127\.0\.0\.1:1/)
})

test('a node has time to stop, a folder of its own and a check of its health', () => {
  for (const node of nodes) assert.ok(seconds(node.stop_grace_period) > Number(node.environment.MOIM_STOP_SECONDS))
  const folders = nodes.map((node) => node.volumes[0].split(':'))
  for (const [, path] of folders) assert.equal(path, only(IMAGE, 'VOLUME').text)
  assert.equal(new Set(folders.map(([name]) => name)).size, nodes.length)
  only(IMAGE, 'HEALTHCHECK')
})

test('what is waited for is checked, what is named is there, and images have versions', () => {
  for (const [name, service] of Object.entries(services)) {
    if (service.build === undefined) assert.match(service.image, /^[a-z]+:\d+\.\d+\.\d+(-[a-z]+)?$/, name)
    assert.equal(service.restart, 'unless-stopped', name)
    const others = Array.isArray(service.depends_on) ? service.depends_on.map((other) => [other, {}]) : Object.entries(service.depends_on ?? {})
    for (const [other, { condition }] of others) {
      assert.ok(services[other], other)
      if (condition === 'service_healthy') assert.ok(services[other].healthcheck, other)
    }
    for (const volume of service.volumes ?? []) {
      const [source] = volume.split(':')
      assert.ok(source.startsWith('./') ? existsSync(join(ROOT, source)) : source in volumes, source)
    }
    for (const port of service.ports ?? []) assert.ok(port.startsWith('127.0.0.1:'), `${port} is for this machine alone`)
  }
})

test('nginx has what its configuration asks for, and knows every node', () => {
  const { environment: given } = services.nginx
  const asked = new Set([...read('deploy/nginx.conf.template').matchAll(/\$\{([A-Z_]+)\}/g)].map(([, name]) => name))
  assert.deepEqual([...asked].sort(), Object.keys(given).sort())
  for (const [name, { image }] of Object.entries(services)) {
    if (image === 'moim') assert.ok(given.MOIM_UPSTREAM.includes(`server ${name}:${only(IMAGE, 'EXPOSE').text} `), name)
  }
})

test('Redis takes its command, keeps what it is told, throws nothing away and asks for the password', async (t) => {
  const [port, folder] = [await freePort(), mkdtempSync(join(tmpdir(), 'moim-compose-'))]
  const [program, ...flags] = services.redis.command.map((word) => filledIn(word, { REDIS_PASSWORD: 'hush' }))
  const redis = spawn(program, [...flags, '--bind', '127.0.0.1', '--port', `${port}`, '--dir', folder], { stdio: 'ignore' })
  t.after(() => { redis.kill('SIGKILL'); rmSync(folder, { recursive: true, force: true }) })
  const ask = (password, ...words) => spawnSync('redis-cli', ['-p', `${port}`, ...words], { env: { ...process.env, REDISCLI_AUTH: password }, encoding: 'utf8' }).stdout.trim()
  for (const until = Date.now() + 20_000; ask('hush', 'ping') !== 'PONG'; await sleep(50)) assert.ok(Date.now() < until, 'it answers')
  assert.equal(ask('hush', 'config', 'get', 'appendonly'), 'appendonly\nyes')
  assert.equal(ask('hush', 'config', 'get', 'maxmemory-policy'), 'maxmemory-policy\nnoeviction')
  assert.doesNotMatch(ask('wrong', 'dbsize'), /^\d+$/)

  const { MOIM_MONGO_URL: _, ...env } = { ...settings({ 'redis:6379': `127.0.0.1:${port}` }), MOIM_LISTEN: `127.0.0.1:${await freePort()}` }
  const node = spawn(MOIM, ['serve', '--data', join(folder, 'data')], { env, stdio: 'ignore' })
  t.after(() => node.kill('SIGKILL'))
  const health = () => spawnSync(MOIM, ['health'], { env, encoding: 'utf8' }).stdout
  for (const until = Date.now() + 20_000; health() !== 'ready\n'; await sleep(100)) assert.ok(Date.now() < until, 'a node gets in')
})
