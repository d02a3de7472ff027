import { cilium } from "./articles/cilium.ts";
import { kgateway } from "./articles/kgateway.ts";
import { overview } from "./articles/overview.ts";
import { routeKinds } from "./articles/route-kinds.ts";
import { techresolve } from "./articles/techresolve.ts";
import { tetrate } from "./articles/tetrate.ts";
import type { Article } from "./step.ts";

/** The five articles in the order in which the demo walks through them. */
export const articles: readonly Article[] = [kgateway, cilium, techresolve, tetrate, overview];

/** What the demo walks through: the articles, and what they leave out. */
export const chapters: readonly Article[] = [...articles, routeKinds];
