// One Redis, or a Redis Cluster of three, whose nodes can be killed and started again with what they knew.

import { execFile } from 'node:child_process'
import { mkdir } from 'node:fs/promises'
import { join } from 'node:path'
import { promisify } from 'node:util'

import { freePort } from '../harness/ports.js'
import { Process } from './processes.js'

const run = promisify(execFile)

/** Who is silent for so long is taken for dead by the others, in milliseconds. */
const SILENCE = '1000'

class Redis {
  static async start (folder, options = []) {
    await mkdir(folder)
    const redis = new Redis()
    Object.assign(redis, { folder, options, port: await freePort() })
    await redis.goOn()
    return redis
  }

  async goOn () {
    this.process = await Process.start([
      'redis-server', '--bind', '127.0.0.1', '--port', `${this.port}`, '--dir', this.folder,
      '--save', '', '--appendonly', 'yes', ...this.options
    ], { log: join(this.folder, 'log') })
    await this.process.until('Redis answers', async () => (await this.ask('ping')).includes('PONG'))
  }

  async kill () {
    await this.process.kill()
  }

  /** What it says to a command; nothing if it is away. */
  async ask (...command) {
    return run('redis-cli', ['-p', `${this.port}`, ...command]).then(({ stdout }) => stdout, () => '')
  }
}

/** One Redis. */
export class LoneRedis {
  static async start (folder) {
    const lone = new LoneRedis()
    lone.nodes = [await Redis.start(join(folder, 'redis'))]
    return lone
  }

  get url () {
    return `redis://127.0.0.1:${this.nodes[0].port}`
  }

  async kill (nodes = this.nodes) {
    await Promise.all(nodes.map((node) => node.kill()))
  }

  async goOn (nodes = this.nodes) {
    await Promise.all(nodes.map((node) => node.goOn()))
  }
}

/** Three nodes without replicas. */
export class RedisCluster extends LoneRedis {
  static async start (folder) {
    const cluster = new RedisCluster()
    const options = async () => [
      '--cluster-enabled', 'yes', '--cluster-port', `${await freePort()}`, '--cluster-node-timeout', SILENCE,
      // Who is left goes on with its own slots.
      '--cluster-require-full-coverage', 'no'
    ]
    cluster.nodes = []
    for (const name of ['redis-1', 'redis-2', 'redis-3']) {
      cluster.nodes.push(await Redis.start(join(folder, name), await options()))
    }
    await run('redis-cli', ['--cluster', 'create', ...cluster.addresses, '--cluster-yes'])
    return cluster
  }

  get addresses () {
    return this.nodes.map(({ port }) => `127.0.0.1:${port}`)
  }

  get url () {
    const [first, ...others] = this.addresses
    return `redis-cluster://${first}?${others.map((node) => `node=${node}`).join('&')}`
  }
}
