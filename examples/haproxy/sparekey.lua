-- The action "sparekey" asks Sparekey about a request. It needs HAProxy 2.6 or newer,
-- built with Lua, and no other library.
--
-- A yes sets txn.sparekey to "yes" and gives the app the headers of the answer; a no is
-- answered at once. After anything else the variable is not set, and haproxy.cfg denies.

local verify = "http://127.0.0.1:9180/.sparekey/verify"
local timeout = 5000 -- milliseconds

-- What belongs to the connection, and what HAProxy alone says.
local dropped = {
	["connection"] = true, ["keep-alive"] = true, ["te"] = true, ["trailer"] = true, ["transfer-encoding"] = true,
	["upgrade"] = true, ["http2-settings"] = true, ["content-length"] = true, ["expect"] = true, ["host"] = true,
	["x-forwarded-method"] = true, ["x-forwarded-uri"] = true, ["x-forwarded-host"] = true,
	["x-forwarded-proto"] = true, ["x-forwarded-for"] = true,
}

-- The headers of an answer that the app gets in place of what the client has sent.
local given = { "remote-user", "remote-name", "remote-email", "remote-groups", "cookie", "authorization", "sparekey-key" }

local function first(headers, name)
	return headers and headers[name] and headers[name][0]
end

local function question(txn)
	local ask = {}
	for name, values in pairs(txn.http:req_get_headers()) do
		if not dropped[name] then
			ask[name] = {}
			for i = 0, #values do
				table.insert(ask[name], values[i])
			end
		end
	end
	ask["x-forwarded-method"] = { txn.sf:method() }
	ask["x-forwarded-uri"] = { txn.sf:pathq() }
	ask["x-forwarded-host"] = { txn.sf:req_hdr("host") }
	ask["x-forwarded-for"] = { txn.sf:src() }
	ask["x-forwarded-proto"] = { txn.sf:ssl_fc() == "1" and "https" or "http" }
	return ask
end

local function refuse(txn, res)
	local reply = txn:reply()
	reply:set_status(res.status)
	for name, values in pairs(res.headers or {}) do
		if not dropped[name] and name ~= "date" then
			for _, value in pairs(values) do
				reply:add_header(name, value)
			end
		end
	end
	reply:set_body(res.body or "")
	txn:done(reply)
end

core.register_action("sparekey", { "http-req" }, function(txn)
	local res = core.httpclient():get { url = verify, headers = question(txn), timeout = timeout }
	if res == nil or res.status == nil or res.status == 0 then
		return
	end
	if res.status ~= 200 then
		if res.status >= 300 then
			refuse(txn, res)
		end
		return
	end
	for _, name in ipairs(given) do
		local value = first(res.headers, name)
		txn.http:req_del_header(name)
		if value ~= nil and value ~= "" then
			txn.http:req_set_header(name, value)
		end
	end
	txn:set_var("txn.sparekey", "yes")
end)
