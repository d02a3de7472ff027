import { cilium } from "./articles/cilium.ts";
import { kgateway } from "./articles/kgateway.ts";
import { overview } from "./articles/overview.ts";
import { techresolve } from "./articles/techresolve.ts";
import { tetrate } from "./articles/tetrate.ts";
import type { Article } from "./step.ts";

/** The five articles in the order in which the demo walks through them. */
export const articles: readonly Article[] = [kgateway, cilium, techresolve, tetrate, overview];
