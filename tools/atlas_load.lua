-- The load of tools/demo: readers of lists and rows, and writers that compete for a few rows by ETag and If-Match.
-- Arguments: the share of PATCH in percent, the number of rows that are written, then the codes of all countries.

local threads = {}

function setup(thread)
  thread:set("number", #threads)
  table.insert(threads, thread)
end

function init(args)
  math.randomseed(os.time() * 31 + number)
  writes = tonumber(args[1])
  hot = tonumber(args[2])
  codes = {}
  for i = 3, #args do
    codes[#codes + 1] = args[i]
  end
  etags = {} -- of the rows that are written, as last seen by this thread
  counts = {}
  patches = 0
  sequence = 0
end

local function country()
  return codes[math.random(#codes)]
end

function request()
  local dice = math.random(100)
  if dice <= writes then
    local code = codes[math.random(hot)]
    if not etags[code] then
      return wrk.format("GET", "/countries/" .. code)
    end
    sequence = sequence + 1
    patches = patches + 1
    local body = string.format('{"common_name":"writer %d, change %d"}', number, sequence)
    return wrk.format("PATCH", "/countries/" .. code, { ["If-Match"] = etags[code] }, body)
  end
  dice = math.random(100)
  if dice <= 70 then
    return wrk.format("GET", "/countries/" .. country())
  elseif dice <= 85 then
    return wrk.format("GET", "/countries/" .. country() .. "/subdivisions?limit=20")
  elseif dice <= 95 then
    return wrk.format("GET", "/countries?limit=20&offset=" .. math.random(0, 200))
  end
  return wrk.format("GET", "/languages?kind=living&name=an&limit=10&offset=" .. math.random(0, 500))
end

function response(status, headers, body)
  local key = "s" .. status
  counts[key] = (counts[key] or 0) + 1
  local etag = headers["ETag"]
  if status == 200 and etag then
    local code = body:match('"alpha_2":"(%u%u)"')
    if code then
      etags[code] = etag
    end
  end
end

function done(summary, latency, requests)
  local statuses = {}
  local patches = 0
  for _, thread in ipairs(threads) do
    patches = patches + thread:get("patches")
    for key, count in pairs(thread:get("counts")) do
      statuses[key] = (statuses[key] or 0) + count
    end
  end
  local parts = {}
  for key, count in pairs(statuses) do
    parts[#parts + 1] = string.format('"%s":%d', key:sub(2), count)
  end
  local errors = summary.errors
  io.write(string.format(
    'REPORT {"requests":%d,"seconds":%.6f,"patches":%d,"connect":%d,"read":%d,"write":%d,"timeout":%d,' ..
      '"p50":%d,"p90":%d,"p99":%d,"p999":%d,"max":%d,"statuses":{%s}}\n',
    summary.requests, summary.duration / 1e6, patches, errors.connect, errors.read, errors.write, errors.timeout,
    latency:percentile(50), latency:percentile(90), latency:percentile(99), latency:percentile(99.9), latency.max,
    table.concat(parts, ",")))
end
