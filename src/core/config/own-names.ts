import { TEMPORARY } from './write-file.ts'

/** Pairs with core/log.ts, daemon/start.ts, hook/record.ts and jobs/job-log.ts. */
const LOG_NAME = /^(daemon|hook|server-.+|job-[a-z-]+)\.log(\.\d)?$|^daemon\.err$/
/** Pairs with config/paths.ts, jobs/run-job.ts and with what daemon/ and templates/launcher.sh write there. */
const RUN_NAME =
  /^([dq]\.sock|t-\d{6}\.sock|(daemon|configs|import|job-[a-z-]+)\.(\d{1,15}|draft-\d+-[0-9a-f]{8})|agents\.json|start\.lock|start-failed|draining-\d+|perl-works|c-works-.*)$/
const UPSTREAMS = 'upstreams'

/** Whether a name in the log directory is one that we write: the directory may be the user's own. */
export function isOurLogName(name: string): boolean {
  return LOG_NAME.test(name)
}

/** Whether a name in the run directory is one that daemon, launchers or commands make. */
export function isOurRunName(name: string): boolean {
  return RUN_NAME.test(name) || TEMPORARY.test(name) || name === UPSTREAMS
}

/** Pairs with ignore/plan-file.ts. */
const PLAN_NAME = /^[0-9a-f]{16}\.(plan|guard)\.json$/

/** Whether a name in the directory of plans is one of ours. */
export function isPlanName(name: string): boolean {
  return PLAN_NAME.test(name) || TEMPORARY.test(name)
}

/** Pairs with events/segment-file.ts. */
const SEGMENT_NAME = /^(shared|[a-z]+-\d{1,10}-[0-9a-f]{12})\.seg$/
/** Pairs with paths.ts and events/db.ts; DuckDB puts its log and its spill directory next to the file. */
const DATABASE_NAME = /^usage\.duckdb(\.draft-\d+-[0-9a-f]{8})?(\.wal|\.tmp)?$/
/** Pairs with paths.ts; the second is what a write that was killed leaves. */
const CALIBRATION_NAME = /^token-calibration\.json(\.\d+\.[0-9a-f]{8}\.tmp)?$/

/** Pairs with score/memory.ts. */
const SCORES_NAME = /^[0-9a-f]{16}-(facts|ranking)\.json(\.\d+\.[0-9a-f]{8}\.tmp)?$/

/** Whether a name in the directory of scores is one that scoring makes. */
export function isScoresName(name: string): boolean {
  return SCORES_NAME.test(name)
}

/** Whether a name in the events directory is one of our segments. */
export function isSegmentName(name: string): boolean {
  return SEGMENT_NAME.test(name)
}

/** Whether a name in the root is the database or one of the files that DuckDB keeps beside it. */
export function isDatabaseName(name: string): boolean {
  return DATABASE_NAME.test(name)
}

/** Whether a name in the root is the calibration of token counts. */
export function isCalibrationName(name: string): boolean {
  return CALIBRATION_NAME.test(name)
}

/** Pairs with core/budget/ and core/agents/: plans by repository, below them what sessions read and spent, outlines and results that were cut. */
const BUDGET_NAME = /^(plan|agents)-[0-9a-f]{16}\.json$|^(sessions|outlines|spending|cut)$/

/** Whether a name in the directory of budgets is one that we write. */
export function isBudgetName(name: string): boolean {
  return BUDGET_NAME.test(name) || TEMPORARY.test(name)
}

/** Pairs with core/originals/: directories by the first digits of what lies in them, and the sum of it. */
const ORIGINALS_NAME = /^([0-9a-f]{2}|added)$/

/** Whether a name in the directory of originals is one that we write. */
export function isOriginalsName(name: string): boolean {
  return ORIGINALS_NAME.test(name)
}

/** Pairs with core/reread/: what sessions hold, and the texts of it. */
const DIFFS_NAME = /^(sessions|texts)$/

/** Whether a name in the directory of differences is one that we write. */
export function isDiffsName(name: string): boolean {
  return DIFFS_NAME.test(name)
}

/** Pairs with core/jobs/: what is installed, the program that a crontab calls, runs by job. */
const JOBS_NAME = /^(installed\.json|run|[a-z-]+\.runs\.json)$/

/** Whether a name in the directory of jobs is one that we write. */
export function isJobsName(name: string): boolean {
  return JOBS_NAME.test(name) || TEMPORARY.test(name)
}

/** Pairs with paths.ts and verdict/model/tier.ts. */
const MODEL_NAME =
  /^((prewarm|keep-warm|tools|advice|envelopes|tool-uses|tool-sizes|ratings)\.json|tool-meanings\.bin|minilm-int8-\d\.onnx)(\.\d+\.[0-9a-f]{8}\.tmp)?$/

/** Whether a name in the directory of models is one that we write. */
export function isModelName(name: string): boolean {
  return MODEL_NAME.test(name)
}
