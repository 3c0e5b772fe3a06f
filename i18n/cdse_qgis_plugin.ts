<?xml version="1.0" encoding="utf-8"?>
<!DOCTYPE TS>
<TS version="2.1">
<context>
    <name>AboutDialog</name>
    <message>
        <source>About {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>About</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Diagnostics</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&lt;a href='{home}'&gt;Source code and manual&lt;/a&gt; · &lt;a href='{tracker}'&gt;Report a problem&lt;/a&gt;</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Free software under the GNU General Public License, version 2 or later. Data of the Copernicus programme are free and open; each result names its source and licence in the layer&apos;s metadata.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy diagnostics</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy this for a report; it holds no passwords, and your home folder is written “~”</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>AddressesTable</name>
    <message>
        <source>Service addresses</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Service</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Address</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reset selected</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Go back to the engine&apos;s own address for the selected services</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine&apos;s own: {address}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not an address: write it in full, beginning with https://</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Area</name>
    <message>
        <source>Only inside this extent</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Patches whose centre lies outside are left out. Everything by default.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Only inside these polygons</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Patches whose centre lies outside every polygon (of the selected ones, where some are) are left out.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Both an extent and polygons were given, so the area is not clear. Leave one of them empty.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The extent is empty. Draw one with an area, or leave it out.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>“{name}” has no coordinate reference system. Assign one to it, then try again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>“{name}” holds no polygon, so no place could be inside. Choose another layer.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>AreaChooser</name>
    <message>
        <source>Area to search in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Where to look for similar places</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Everywhere in the store</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Map view</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Drawn area</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Layer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Selected features</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Bookmark</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Draw</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Draw the area on the map: click its corners, right click to close it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Layer whose area is searched</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Bookmark whose area is searched</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Draw again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No area is drawn yet. Press “Draw” and click its corners on the map.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The project has no layer to take the area from. Add one or choose another area.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No polygon is selected. Choose a polygon layer here and select features of it on the map.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>“{layer}” has {count} polygons, more than {most} at once. Select the ones that matter and choose “Selected features”.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The layer “{layer}” covers no area.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no spatial bookmark. Make one with View › New Spatial Bookmark…</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>AreaTool</name>
    <message>
        <source>Click: add a corner    Right or double click: close the area    Backspace: one back    Esc: leave</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>An area needs at least three corners. Draw it again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The area crosses itself, so inside and outside are not clear. Draw it again.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ContextLine</name>
    <message>
        <source>Places that look alike (embedding search)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&lt;b&gt;{name}&lt;/b&gt; · {count} places of {size} · encoder “{encoder}”&lt;br&gt;&lt;small&gt;“Similar” means: looks similar in this embedding&lt;/small&gt;</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Made from</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Dates</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Numbers in an embedding</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Licence</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Please cite</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Note</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Copernicus</name>
    <message>
        <source>Similar places</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show or hide the dock that finds places which look alike</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click an example</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click a place on the map to find similar ones</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Engine set-up…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Set up, repair or remove the engine that does the computing</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>About Copernicus AI…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Version, state of the engine, and diagnostics to copy</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Help</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open the manual in your browser</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copernicus</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>CopernicusProvider</name>
    <message>
        <source>Copernicus AI</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copernicus AI: embeddings and similar places</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>EncodeImage</name>
    <message>
        <source>Encode image</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Embeddings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>embedding,encoder,features,patches,store,raster,satellite,sentinel,similar,MOSAIKS</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Makes an embedding store from any raster, so that similar places can be found in it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Image</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Bands</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All bands by default. Leave out masks and class rasters.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Encoder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>“default”: texture and colour. “statistics”: a plain baseline.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Side of a patch (pixels)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What one click takes. A little smaller than what you look for.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Step between patches (pixels)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Half a patch by default, so that patches overlap.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Largest share of nodata in a patch</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Patches with more of it are left out.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Seed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The same seed gives the same store from the same image.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The image cannot be opened: {value}. Choose a raster that QGIS shows.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>“{name}” comes from a map service ({kind}), which has no pixels to encode. Save it as a GeoTIFF first (right-click the layer, Export), then encode that file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>“{name}” has no coordinate reference system, so we cannot tell where on Earth it lies. Give it one with “Assign projection” in the toolbox, then encode it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&lt;p&gt;Cuts a raster into square patches and describes each by a list of numbers (an embedding) in which places that look alike lie close together. The result is an embedding store: a folder that “Find similar places” and the dock “Similar places” search in.&lt;/p&gt;&lt;p&gt;&lt;b&gt;When:&lt;/b&gt; once for every image that you want to search. It works offline and needs no account, no graphics card and no downloaded model.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Inputs:&lt;/b&gt; any georeferenced raster that GDAL reads, best with several bands. The patch is what you will click: choose it a little smaller than the things you look for. The encoder “default” sees texture and colour and learns its filters from the image itself; “statistics” sees only the mean and spread of each band and is a plain baseline.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Outputs:&lt;/b&gt; the store; the number of patches, the length of the embeddings, the patches left out.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Limits:&lt;/b&gt; embeddings of two images can be compared only when they were made by the same encoder run. Patches with more nodata than allowed are left out. A smaller step between patches finds places more finely and makes the store larger.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Example:&lt;/b&gt; a Sentinel-2 image at 10 m with patches of 16 pixels and a step of 8 gives a patch of 160 m every 80 m.&lt;/p&gt;</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>EngineAlgorithm</name>
    <message>
        <source>“{name}” is “{value}”, which is no number.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>“{name}” is {value}. Choose a number from {least} to {most}.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>EngineLink</name>
    <message>
        <source>The engine was sent away.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine was stopped.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine was started but has not answered for {seconds:.0f} seconds.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine's Python cannot be started: “{path}” ({why}).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine's Python “{path}” lacks a package: {name}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine ended before it was ready (exit status {status}).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open “Engine set-up” and repair it; the details say what it complained of.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Try again: a new engine starts by itself.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine is version {found} (wire {wire}); this plugin needs {wanted}.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Restart QGIS if the plugin was updated a moment ago; otherwise repair the engine.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine, which does the computing, is not set up on this computer yet.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The Python chosen for the engine is not there any more: “{path}”.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>“{path}” is QGIS itself, not a Python; starting it would open another QGIS.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open “Engine set-up” and set it up, or choose a Python that has what it needs.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stopped at your request.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine is at work.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine is running and waits for you.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine is starting.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine is set up; the next click starts it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The plugin has been switched off, and its engine with it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Switch the plugin on again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Something went wrong in the plugin: {error}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy the details and report them.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine was set up for another version of the plugin; what it needs has changed since.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>EngineSetup</name>
    <message>
        <source>“{path}” does not answer as a Python does.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>“{path}” is Python {found}; the engine needs {wanted} or newer.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine starts, but one of its packages does not work: {what}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Repair the engine. If that does not help, choose another Python.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose another one, or let the plugin set up the engine.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{step} did not work, for a reason we do not know.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open “Details”: the last lines say what happened. Then try again, or report them.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing was changed in QGIS; what was downloaded is kept for the next try.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>a package</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The package index has no ready-made file of “{name}” for this Python and this system.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This Python cannot make environments: a part of it comes as a separate package.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The disk is full.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Free some space, or choose a folder on another disk, and try again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The virus scanner has taken away a file that was just downloaded.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ask your administrator to except the engine&apos;s folder, then try again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A rule of this computer forbids programs in that folder to run.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A file of the engine is held by another program.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Close other QGIS windows, wait a moment for the virus scanner, and try again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The folder&apos;s path is too long for this system.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a folder with a short path, such as one at the top of a disk.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Your network&apos;s proxy asks for a name and a password (407).</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Enter them in QGIS under Settings, Options, Network, and try again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Your network&apos;s proxy could not be reached or does not let us through.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Check the proxy in QGIS under Settings, Options, Network, and try again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This Python comes without pip, which fetches the packages.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose another Python, or install pip for this one.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The package index refuses to give us files.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ask whoever runs your package index, or check pip&apos;s configuration on this computer.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The package index has a problem of its own at the moment.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Try again in a while.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The package index cannot be reached, or the connection broke off.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The system does not let us write into the folder.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a folder that you own, or change its permissions.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is not enough memory.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Close other programs and try again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Nothing has been done yet.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Writing the engine&apos;s files</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Making an environment of its own</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Starting the engine to see that it works</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine is ready</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Removing the engine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Making the folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Another QGIS window is setting up the engine at this moment.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Wait until it has finished.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Writing into the folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Downloading the packages</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Putting {count} packages in place</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Downloading {name}: {done} of {total}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Downloading {name}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No suitable Python was found: a 64-bit Python {oldest} or newer.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It takes {needed} on the disk for a while; only {free} are free there.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The system does not let us write into “{folder}”.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Look what the engine needs</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Set up the engine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine is set up and ready.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove the engine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine has been removed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine runs with “{python}” now.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Try this Python</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ExampleTool</name>
    <message>
        <source>Looking at the patch under the cursor</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The store has no data here</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Patch {id}   {help}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>First choose a store in the dock “Similar places”   Esc: leave</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click: find similar   Shift: add right   Ctrl: add wrong   Esc: leave</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Examples</name>
    <message>
        <source>Point that is like what you look for</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Points that are like what you look for</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Point that is not like it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Points that are not like it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Pick it on the map, or write x,y [EPSG:code]. The patch there is the example.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Every point of the layer, or every selected one, is an example.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Longitude,latitude pairs with semicolons between them; for another CRS end with [EPSG:code].</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{points}, as text</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>“{name}” has no coordinate reference system. Assign one to it, then try again.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>“{name}” holds no point. Choose another layer, or leave it out.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>“{name}” is no coordinate reference system that QGIS knows. Write it like EPSG:4326.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Embedding store</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The folder that “Encode image” or “Import embeddings” made.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ExamplesRow</name>
    <message>
        <source>Click the map</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click a place on the map to find similar ones; Shift adds a right example, Ctrl a wrong one</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Undo</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Redo</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Clear the examples</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click a place on the map. We look for places that look like it.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Clicked place</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Right</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Wrong</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Patch {id}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Examples</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Double-click zooms to an example, Delete takes it away</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take away</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Exporting</name>
    <message>
        <source>Export results</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>GeoPackage (*.gpkg);;GeoParquet (*.parquet)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Exporting results</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Writing {count} places…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} places are in “{path}”.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ImportEmbeddings</name>
    <message>
        <source>Import embeddings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Embeddings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>embedding,parquet,geoparquet,Major TOM,Earth Index,Clay,SSL4EO,DINOv2,store,similar</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Makes an embedding store from a Parquet file of embeddings that somebody else computed.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Parquet file with embeddings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Parquet files</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All files</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A folder of Parquet files works too: write its path.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Column with the embeddings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Found out by itself when left empty.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>CRS of the geometry, where the file does not say</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Needed only for files that are not GeoParquet.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no file “{path}”. Check the path.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&lt;p&gt;Reads embeddings that somebody else has computed and makes an embedding store of them: a folder that “Find similar places” and the dock “Similar places” search in.&lt;/p&gt;&lt;p&gt;&lt;b&gt;When:&lt;/b&gt; you have a file of Major TOM, Earth Index, Clay or your own embeddings on this computer.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Inputs:&lt;/b&gt; a Parquet file, or the path of a folder of them. It needs one column with lists of numbers and a place for each row: a geometry, or longitude and latitude. Which columns these are is found out; the advanced parameters help where it cannot be. An extent takes a part of a large file.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Outputs:&lt;/b&gt; the store; the number of patches, the length of the embeddings, the rows left out.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Limits:&lt;/b&gt; rows without a place, with an empty or broken vector, or outside the extent are left out and counted. All vectors must have the same length.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Example:&lt;/b&gt; one file of the Major TOM Core S2L2A SSL4EO embeddings and the extent of your region.&lt;/p&gt;</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Patches transposed within their cell</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Some published Major TOM tables have them. “auto” finds out and corrects them, “correct” corrects them in any case, “keep” leaves them as published.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Largest number of patches</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>More are refused as a mistake; an extent helps.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ImportStoreDialog</name>
    <message>
        <source>Store from an embedding file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>GeoParquet and Parquet files (*.parquet *.geoparquet *.pq);;All files (*)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Major TOM, Earth Index, Clay, or any table with a vector and a place in each row</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Only what lies in the map view</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>found by itself</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Name of the column with the vectors, where there are several</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>as the file says</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>CRS of the places, where the file does not say</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;File</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Area</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Vectors</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;CRS</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a Parquet file with embeddings.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is no file of this name.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The file itself stays as it is.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Layers</name>
    <message>
        <source>Similar places</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Embedding store “{name}” made {when} from {source} with encoder {encoder}, engine {engine}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Source of the embeddings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rank</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Score (cosine, at most 1)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Distance from the nearest example (m)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Label (right, wrong)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Patch</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Longitude of the centre (°)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Latitude of the centre (°)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Time (UTC)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>rank {first}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>rank {first} to {last}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the others (≥ {score})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>best {percent} % (≥ {score})</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>World</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>MakeStoreDialog</name>
    <message>
        <source>Store from an image</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A raster of the project, or a file that GDAL reads</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose a file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose an image file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Bands to look at; leave out masks and classes</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Side of what one click takes; a little smaller than what you look for is best</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>From one patch to the next; half a patch finds places well</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>default: texture and colour</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>statistics: mean and spread of each band</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What describes a patch by numbers; “statistics” is a plain baseline</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Image</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Bands</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Patch</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Step</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Encoder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source> pixels</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Image</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose an image: a raster layer of the project or a file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>QGIS cannot open this image. Choose another file.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Tick at least one band.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The image has {width} × {height} pixels, less than one patch. Choose a smaller patch.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source> of {size}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>About {count} places{size}.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>MapView</name>
    <message>
        <source>The map&apos;s projection does not show this place. Choose another CRS for the project.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>MessageLine</name>
    <message>
        <source>Messages</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>OptionsPage</name>
    <message>
        <source>Cache folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Folder of what may be deleted at any time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stores folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Folder that new embedding stores are suggested in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Engine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Send an idle engine away after</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Folders</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cache</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Embedding stores</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Service addresses</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Change one only for a mirror, a test system or another provider. Bold ones are yours.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source> min</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine that answers clicks keeps memory; the next click starts it again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Minutes until an idle engine is sent away</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not an address: {names}. Write it in full, beginning with https://, or reset it.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Pages</name>
    <message>
        <source>Show or hide: {title}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Places</name>
    <message>
        <source>The chosen polygons are empty, so there is nothing to search in.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ProgressRow</name>
    <message>
        <source>Progress</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cancel</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stop this; what was there before stays as it is</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stopping…</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ProjectLink</name>
    <message>
        <source>The search in this project cannot be read; it may come from a newer version of the plugin ({error}). The rest of the project is as it was.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The store was made anew since this search was saved. Search again for its present answer.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The results that were saved with the project are shown, but cannot be searched further.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Opening the store</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Opening the store…</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ResultLayers</name>
    <message>
        <source>Search {number}: {lat:.4f}°, {lon:.4f}°</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ResultsModel</name>
    <message>
        <source>Picture</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Score</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Distance</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Right?</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The place in the imagery that the map shows</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rank: 1 looks most similar</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cosine of the embeddings, at most 1; scores of different stores cannot be compared</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>From the nearest example</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Mark a result right or wrong, and the ranking learns from it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>right</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>wrong</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Click the tick if this is right, the cross if it is wrong (+ and − keys)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Rank {rank}, score {score}, {distance} away</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Patch {id}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ResultsSection</name>
    <message>
        <source>Which results are listed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>All</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Not judged</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Right</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Wrong</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Mark the selected results right (+)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Mark the selected results wrong (−)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Export…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Write a GeoPackage or GeoParquet file</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ResultsTable</name>
    <message>
        <source>Results</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Enter zooms to a place, plus marks it right, minus wrong, Delete takes the mark away</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Zoom to</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Enter</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Flash on the map</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Mark as right</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Mark as wrong</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Take the mark away</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Del</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy coordinates</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy rows</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ScorePanel</name>
    <message>
        <source>Score everywhere</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Give every place of the store a score of likeness, as a layer of its own</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Threshold of the scores on the map</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Right: only the best places. Left: all of them</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>all</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>best</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Score everywhere again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{kept} of {count} places · {share} · score ≥ {score}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>ScoreSession</name>
    <message>
        <source>Scoring every place</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Reading scores</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Likeness of every place</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The scores in “{path}” cannot be read, so they are not shown.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Score everywhere again; check that the disk of the cache folder is not full.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>SearchOptions</name>
    <message>
        <source>How many places to find, at most. For more, use “Find similar places” in the Processing toolbox</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>First date</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Last date</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source> m</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>any</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Least distance between two results, and from the examples: spreads the results out</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Results</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Area</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Dates</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>A&amp;part by</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The store&apos;s dates run from {start} to {end}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>This store does not say when its places were seen</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>SearchSession</name>
    <message>
        <source>Opening the store</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Opening the store “{name}”…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Looking for similar places</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Comparing {count} places…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Getting ready to search</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>SetupDialog</name>
    <message>
        <source>Engine set-up</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>SetupFacts</name>
    <message>
        <source>Python</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The Python that the engine&apos;s own environment is made from; it is not changed</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Download</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What comes over the network if nothing is there yet</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The package index that pip is configured to use on this computer</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>From</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>On disk</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What it takes in the end, and for a while in between</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Folder for the engine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The folder that the environment is made in; empty for the default</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Into</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>the Python Package Index, pip&apos;s default</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>none found</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{version}, {path}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>not known for this Python</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{free} free</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>about {size}, {count} packages</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>about {kept} in the end, {needed} for a while; {free} are free</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>SetupPage</name>
    <message>
        <source>Use this Python…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Run the engine with a Python that has its packages already; it is tried before it is used</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Use the plugin&apos;s own again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove engine…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete the engine&apos;s environment and its downloads; your data stays</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine does the computing, in a process with a Python environment of its own. QGIS&apos;s own Python is left alone, and nothing is downloaded before you press the button.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Details</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What pip says will stand here.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Log of the set-up</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy details</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy the log and what is known about this computer; no passwords are in it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Repair engine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Set up engine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Make the environment anew: remove it, download what is needed and put it in place</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Download what is needed and make the environment; you can stop it at any time</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stop using “{python}”</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It runs with a Python that you chose: {path}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It runs with the Python that {variable} names: {path}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>It runs with the environment of the source checkout: {path}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose the Python that the engine should run with</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Python (python*);;All files (*)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Delete the engine's environment in “{folder}”?

Embedding stores, layers and settings stay. The engine can be set up again at any time.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove engine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The details are on the clipboard.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>SimilarityConductor</name>
    <message>
        <source>Choose an embedding store first; then your click knows where to look.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The first date lies after the last one. Change one of them.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} places, best first, of {scanned} compared</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Zoom to the store</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Set up the engine…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open store…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Search again</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The last mark was taken back.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>SimilarityPanel</name>
    <message>
        <source>Find similar places</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Search with these examples and options; a click on the map does so by itself</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>SimilarityScore</name>
    <message>
        <source>Score likeness</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Similarity</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>similar,score,heat map,likeness,embedding,cosine,detection,raster</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Gives every patch of an embedding store a score of likeness to the places you point at.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&lt;p&gt;Gives every patch of an embedding store a score of how much it looks like the places you point at.&lt;/p&gt;&lt;p&gt;&lt;b&gt;When:&lt;/b&gt; you want a map of likeness instead of a list of the best, for instance to choose a threshold by eye.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Inputs:&lt;/b&gt; a store made by “Encode image” or “Import embeddings”, and at least one example: a point picked on the map, a point layer, or coordinates as text. Examples of what you do not look for sharpen the score. An area limits what is scored.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Outputs:&lt;/b&gt; a polygon layer of the patches with the field “score” (cosine, from -1 to 1), and, for stores made from an image, a raster with one pixel for every step between patches if you ask for it; the number of patches, the least and the greatest score.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Limits:&lt;/b&gt; a score compares patches of one store; it is no probability, and a score of one search says nothing about that of another.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Example:&lt;/b&gt; point at a greenhouse, score the province, and show the scores above 0.9 only.&lt;/p&gt;</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Likeness of every patch</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Likeness as a raster</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Only for stores that were made from an image.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Number of patches</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Least score</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Greatest score</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>No output was chosen. Choose a layer, a raster or both.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} patches scored, from {least} to {best}</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>SimilaritySearch</name>
    <message>
        <source>Find similar places</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Similarity</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>similar,search,example,embedding,nearest,neighbours,where else,look alike,retrieval</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Finds the places of an embedding store that look most like the ones you point at.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&lt;p&gt;Finds places that look like the ones you point at, best first (a search by example in an embedding store).&lt;/p&gt;&lt;p&gt;&lt;b&gt;When:&lt;/b&gt; you know one place of a kind and ask where else there is one.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Inputs:&lt;/b&gt; a store made by “Encode image” or “Import embeddings”, and at least one example of what you look for: a point picked on the map, a point layer, or coordinates as text. Examples of what you do not look for sharpen the search. An area, dates and a least distance between results narrow it.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Outputs:&lt;/b&gt; a layer of the patches found, with rank, score (cosine, at most 1), distance from the nearest example and what the store knows of each; how many were found, the best score, how many patches were compared, and whether none was left out by an index.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Limits:&lt;/b&gt; alike means alike in this embedding; it is no proof that two places are the same kind of thing. The examples' own patches are never answers, and neither are patches that overlap a better one.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Example:&lt;/b&gt; point at a greenhouse and ask for 20 places: the other greenhouses come first.&lt;/p&gt;</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Number of places</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Fewer are found when the store or the area holds fewer.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>First day</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Last day</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Only for stores whose patches have a time, like those of dated images.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Least distance between places (metres)</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Also from the examples. 0: places only may not overlap.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Similar places</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Number of places found</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Best score</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Patches compared</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Every patch of the area was compared</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The first day ({start}) lies after the last ({end}). Swap them, or leave one empty.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} places found among {scanned} patches</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>“{value}” is no date. Write it like 2023-06-01.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Least share of the true best to find</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Matters only for stores with an index, which makes searches of large stores fast.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Compare every patch</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>StartPage</name>
    <message>
        <source>&lt;p&gt;&lt;b&gt;Click a place on the map and see where else looks like it.&lt;/b&gt;&lt;/p&gt;&lt;p&gt;That needs an embedding store: it describes every place of an image by numbers, so that places can be compared. It is made once.&lt;/p&gt;&lt;p&gt;No network, no account and no graphics card are needed.&lt;/p&gt;</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Try it offline now</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Makes up a landscape, encodes it and shows it on the map, ready to be clicked</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Make from image…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Make a store from any raster: a layer of the project or a file</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Import embeddings…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Make a store from a Parquet file with embeddings, such as Major TOM&apos;s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open store…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open the folder of a store that is there already</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>StateLine</name>
    <message>
        <source>State of the engine</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Status</name>
    <message>
        <source>Check the engine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>status,engine,diagnostics,version,installed,ready,agent</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Says whether the engine is set up and answers, and what to do when it does not.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&lt;p&gt;Starts the engine, which does the computing of the other algorithms, and says what it answers.&lt;/p&gt;&lt;p&gt;&lt;b&gt;When:&lt;/b&gt; before the others, where there is no window to look at: in scripts, on servers, by agents. It never fails because of the engine and changes nothing.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Inputs:&lt;/b&gt; none.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Outputs:&lt;/b&gt; whether it is ready; its state (ready, missing, wrong_version, broken); a sentence about it; its version and Python; the Python program it runs on; the next step; the algorithms to go on with.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Limits:&lt;/b&gt; it tells of this computer and this QGIS profile only.&lt;/p&gt;&lt;p&gt;&lt;b&gt;Example:&lt;/b&gt; &lt;code&gt;qgis_process run cdse:status&lt;/code&gt;&lt;/p&gt;</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Ready</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>State: ready, missing, wrong_version or broken</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The state in a sentence</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Version of the engine</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Version of its Python</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Its Python program</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>What to do next</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Algorithms to go on with, separated by commas</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The engine is set up and answers.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Make an embedding store from an image or a Parquet file, then search in it.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>StoreChooser</name>
    <message>
        <source>Embedding store</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The embedding store to search in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Stores</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open or make an embedding store</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Choose an embedding store</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Folder of an embedding store</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open store…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Open the folder of a store that is there already</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Make from image…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Cut any raster into patches and encode them</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Import embeddings…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Read a Parquet file with embeddings, such as Major TOM&apos;s</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Try it offline now</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Make a landscape, encode it, and click it</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Zoom to the store</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Show where the store has data</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Remove from this list</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The store itself stays where it is</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>StoreDialog</name>
    <message>
        <source>Name of the store: a folder of that name is made</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Folder that the store&apos;s folder is made in</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Make the store</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>&amp;Name</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>In &amp;folder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Name the store and choose the folder to make it in.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Replace the store</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>There is a store of this name already. It is replaced when the new one is whole.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>“{path}” holds other files, and a store needs a folder of its own.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>StoreGuide</name>
    <message>
        <source>Stopped. Nothing was left half made.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The map shows another part of the world than this store covers.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Zoom to the store</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>The landscape is ready. Click a place on the map, such as a greenhouse.</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>StoreJobs</name>
    <message>
        <source>Making a store from an image</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Importing embeddings</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Opening the landscape</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Opening the landscape…</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Making up a landscape</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Encoding the landscape</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Made-up landscape</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>StoreMade</name>
    <message>
        <source>Embedding store</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Number of patches</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Numbers in each embedding</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Patches left out</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Encoder</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Licence of the data</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>“{folder}” holds other files, and a store needs a folder of its own. Choose a new folder.</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} patches of {dim} numbers each, in {seconds} s: {store}</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{count} patches left out</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>Words</name>
    <message>
        <source>{n} m</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{n} km</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{n} %</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>{lat}°, {lon}° (latitude, longitude)</source>
        <translation type="unfinished"></translation>
    </message>
</context>
<context>
    <name>_Message</name>
    <message>
        <source>Details</source>
        <translation type="unfinished"></translation>
    </message>
    <message>
        <source>Copy details</source>
        <translation type="unfinished"></translation>
    </message>
</context>
</TS>
