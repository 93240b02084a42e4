// One of several nodes: a real server that shares its database and Redis with others.

import { mkdir, readFile } from 'node:fs/promises'
import { join } from 'node:path'

import { freePort } from '../harness/ports.js'
import { BINARY, GENEROUS } from '../harness/server.js'
import { Process } from './processes.js'

/** What a node says, as it should, while the database or a node of the cluster is away. */
const EXPECTED = /the store is unavailable|no line to a node of the cluster/

export class Node {
  static async start (folder, name, { database, redis }) {
    const node = new Node()
    const port = await freePort()
    Object.assign(node, {
      folder: join(folder, name),
      log: join(folder, name, 'log'),
      address: `127.0.0.1:${port}`,
      http: `http://127.0.0.1:${port}`,
      ws: `ws://127.0.0.1:${port}/sync`,
      env: { ...GENEROUS, MOIM_MONGO_URL: database.url, MOIM_REDIS_URL: redis.url, MOIM_PROXIES: '1' }
    })
    await mkdir(node.folder)
    await node.goOn()
    return node
  }

  async goOn () {
    const command = [BINARY, 'serve', '--listen', this.address, '--data', join(this.folder, 'data')]
    this.process = await Process.start(command, { log: this.log, env: this.env })
    await this.process.until('the node is ready', () =>
      fetch(`${this.http}/readyz`).then((answer) => answer.ok, () => false))
  }

  async kill () {
    await this.process.kill()
  }

  /** How many document sockets it has. */
  async sockets () {
    const metrics = await fetch(`${this.http}/metrics`).then((answer) => answer.text())
    return Number(/^moim_connections(?:\{.*\})? (\d+)/m.exec(metrics)?.[1])
  }

  /** The lines of its log at the level of errors, but for those that say what was done to it. */
  async complaints () {
    const lines = (await readFile(this.log, 'utf8')).split('\n')
    return lines.filter((line) => /\bERROR\b|panicked/.test(line) && !EXPECTED.test(line))
  }
}
