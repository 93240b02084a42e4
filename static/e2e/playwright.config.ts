// How the browsers are started: Debian's Chromium, on machines without a graphics card and with two cores.

import { defineConfig, devices } from '@playwright/test'

const QUIET = [
  '--no-sandbox',
  '--disable-quic',
  '--no-first-run',
  '--disable-background-networking',
  '--disable-component-update',
  '--disable-sync',
]
/** Drawn by the processor: about ten frames a second. */
const WEBGL = ['--use-angle=swiftshader', '--enable-unsafe-swiftshader']
const NO_WEBGL = ['--disable-gpu', '--disable-3d-apis']

const chromium = (flags: string[]) => ({
  ...devices['Desktop Chrome'],
  viewport: { width: 1440, height: 900 },
  locale: 'en-GB',
  timezoneId: 'Asia/Seoul',
  // Each act takes a picture of the whole page: that costs more than the act. `--trace on` records one.
  trace: 'off' as const,
  launchOptions: {
    executablePath: process.env.CHROMIUM ?? '/usr/bin/chromium',
    args: [...QUIET, ...flags],
  },
})

export default defineConfig({
  timeout: 180_000,
  expect: { timeout: 30_000 },
  workers: 1,
  forbidOnly: Boolean(process.env.CI),
  reporter: [['list', { printSteps: true }]],
  outputDir: 'test-results',
  projects: [
    {
      name: 'plain',
      testMatch: '*.spec.ts',
      testIgnore: ['map.spec.ts', 'screenshot.spec.ts'],
      use: chromium(NO_WEBGL),
    },
    { name: 'webgl', testMatch: 'map.spec.ts', use: chromium(WEBGL) },
    { name: 'screenshot', testMatch: 'screenshot.spec.ts', use: chromium(WEBGL) },
  ],
})
